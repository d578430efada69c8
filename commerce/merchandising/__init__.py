"""Merchandising: products as the back office keeps them: editor, batches, schedule, files, history, categories."""
