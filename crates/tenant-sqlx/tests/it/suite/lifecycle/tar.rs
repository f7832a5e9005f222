//! Archives, read and written by hand.

use serde_json::Value;
use sha2::{Digest, Sha256};

pub(super) const BLOCK: usize = 512;

pub(super) fn sha256(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files of an archive, in their order.
pub(super) fn entries(mut bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut entries = Vec::new();
    while bytes[0] != 0 {
        let (header, rest) = bytes.split_at(BLOCK);
        let name = header[..100].split(|byte| *byte == 0).next().unwrap();
        let size = usize::from_str_radix(str::from_utf8(&header[124..135]).unwrap(), 8).unwrap();
        entries.push((String::from_utf8(name.to_vec()).unwrap(), rest[..size].to_vec()));
        bytes = &rest[size.div_ceil(BLOCK) * BLOCK..];
    }
    assert!(bytes.iter().all(|byte| *byte == 0));
    entries
}

pub(super) fn lines(entries: &[(String, Vec<u8>)], name: &str) -> Vec<Value> {
    let (_, content) = entries.iter().find(|(entry, _)| entry == name).unwrap();
    let lines = str::from_utf8(content).unwrap().lines();
    lines.map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// An entry of any kind, and with any size in its header.
pub(super) fn entry(name: &str, kind: u8, size: usize, link: &str, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; BLOCK];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000644");
    header[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    header[156] = kind;
    header[157..157 + link.len()].copy_from_slice(link.as_bytes());
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bytes = header.to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().div_ceil(BLOCK) * BLOCK, 0);
    bytes
}

pub(super) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// An archive of these files, as they stand.
pub(super) fn archive(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut bytes: Vec<u8> =
        entries.iter().flat_map(|(name, content)| entry(name, b'0', content.len(), "", content)).collect();
    bytes.extend(END);
    bytes
}

/// The same with a manifest that says what is there.
pub(super) fn resealed(mut entries: Vec<(String, Vec<u8>)>) -> Vec<u8> {
    let (_, manifest) = entries.pop().unwrap();
    let mut manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let tables = entries.iter().map(|(name, content)| {
        let rows = content.iter().filter(|byte| **byte == b'\n').count();
        serde_json::json!({ "name": name.trim_end_matches(".jsonl"), "rows": rows, "sha256": sha256(content) })
    });
    manifest["tables"] = tables.collect();
    entries.push(("manifest.json".into(), serde_json::to_vec(&manifest).unwrap()));
    archive(&entries)
}
