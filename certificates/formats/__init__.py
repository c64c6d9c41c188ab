"""Forms a certificate takes, one file each."""
