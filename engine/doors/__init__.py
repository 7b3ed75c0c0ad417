"""What departments and people are told beside Kafka, in PostgreSQL: the outbox of events, who subscribes, what was
delivered (DESIGN 11). No archive that is made anew touches it."""
