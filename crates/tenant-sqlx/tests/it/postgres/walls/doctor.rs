use super::shop::Shop;

#[tokio::test]
async fn nothing_is_wrong_with_what_was_drawn_up() {
    let shop = Shop::walled().await;
    let found: Vec<String> = shop.examine().await.iter().map(ToString::to_string).collect();
    assert_eq!(found, Vec::<String>::new());
    let again = shop.migration().await;
    assert!(again.is_empty(), "{again}");
}
