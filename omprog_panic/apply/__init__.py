"""``omprog-panic apply``: put config.yaml into effect."""
