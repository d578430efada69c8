"""The gateways behind commerce/payments/provider.py, one module or folder each."""
