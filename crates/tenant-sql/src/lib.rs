//! Scopes SQL statements to one tenant by rewriting their syntax tree, or refuses them.
