"""Where are the stores and the cluster, and with which secrets? `settings` reads the environment and `hpsearch.toml`.

`addresses` settles them. Nothing here, nor anywhere in the library, writes the environment of this process.
"""
