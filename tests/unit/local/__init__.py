"""The local stack without servers: files, folders, plans, supervision."""
