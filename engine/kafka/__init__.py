"""Every client of Kafka, and what is read by it whole."""
