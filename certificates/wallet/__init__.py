"""What a wallet and an issuer say to each other (OpenID for Verifiable Credential Issuance 1.0), as plain values."""
