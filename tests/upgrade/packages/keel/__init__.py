"""The script whose tasks fill the databases of earlier servers. It runs on every server since the first of them."""
