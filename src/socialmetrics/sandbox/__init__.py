"""A fictional hospital network, served on loopback as every platform's API: `world` knows the numbers, each platform's
module their shape, `server` the rest."""
