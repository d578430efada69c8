"""Load tests: they stand outside and speak HTTP, Socket.IO and the CLI, like any user."""
