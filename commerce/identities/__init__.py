"""Identities: logging in with WeChat or QQ, and binding them to an account."""
