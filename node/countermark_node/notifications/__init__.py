"""What a node tells those whom it concerns: by stream, by webhook, by mail, all from one durable log."""
