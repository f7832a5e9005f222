//! Whose a host is. What a tenant could do to others by claiming hosts, and what this process could be made to do:
//! - claim a host that is another's, and wait; race for it; block the one whose it is: `claims`;
//! - prove a host by another claim's token, an old one, or one that the host merely repeats: `claims`, `well_known`, `txt`;
//! - have this process connect to what only it can reach, for ever, or again and again: `well_known`;
//! - learn from a failure what there is in the network of this process: `well_known`.

mod claims;
mod name_server;
mod txt;
mod well_known;
