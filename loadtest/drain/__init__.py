"""The drill of a rolling restart: a web process is drained under its clients, and nobody loses or doubles an event."""
