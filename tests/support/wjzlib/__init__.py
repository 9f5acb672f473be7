"""What the integration tests share: a database, running services, the wire, waiting. Independent of the product's code."""
