"""The Spark home of this environment: Java, Delta's jars and the local profile, written by set-up."""
