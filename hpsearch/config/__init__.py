"""Where are the stores and the cluster, and with which secrets? `settings` reads the environment and `hpsearch.toml`.

`addresses` settles them and carries their secrets; `child_environment` hands on to other processes what they look for.
Nothing here, nor anywhere in the library, writes the environment of this process.
"""
