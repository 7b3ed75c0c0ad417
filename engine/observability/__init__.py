"""What is seen from outside: metrics and log lines."""
