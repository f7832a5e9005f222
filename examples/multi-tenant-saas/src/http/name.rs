use tenant::Rejection;

/// Checks what a thing is to be called.
///
/// # Errors
/// It is no name.
pub(crate) fn check_name(name: &str) -> Result<(), Rejection> {
    if name.trim().is_empty() || name.len() > 200 || name.chars().any(char::is_control) {
        let detail = "name must be 1 to 200 bytes without control characters";
        return Err(Rejection::invalid_request(detail).with_field("name"));
    }
    Ok(())
}
