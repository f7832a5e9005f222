//! What tenancy costs, measured against peers in the same run.
