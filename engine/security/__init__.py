"""What is kept from others: sealed reporters, private files."""
