"""Messages to other systems (Standard Webhooks), from the log of notifications: signed, durable, replayable."""
