"""OpenID Connect, the side of a client: what a provider publishes, the way there and back, what its tokens say."""
