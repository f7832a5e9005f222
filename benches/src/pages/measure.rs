use std::{fmt, time::Instant};

use futures_util::future::BoxFuture;

use crate::{Bar, BoxError, Spread};

/// A page that is read again and again.
pub struct Page<'a> {
    name: String,
    read: Box<dyn Fn(usize) -> BoxFuture<'a, Result<usize, BoxError>> + 'a>,
}

/// What a page took, in milliseconds.
#[derive(Clone, Debug)]
pub struct Figure {
    /// Which page.
    pub name: String,
    /// How many rows it has, or bytes over the wire.
    pub size: usize,
    times: Vec<f64>,
}

/// The bar, in milliseconds at the median.
const MOST: f64 = 50.0;

impl<'a> Page<'a> {
    /// A page, and how it is read the time of a number; how large it is.
    pub fn new(
        name: impl Into<String>,
        read: impl Fn(usize) -> BoxFuture<'a, Result<usize, BoxError>> + 'a,
    ) -> Self {
        Self { name: name.into(), read: Box::new(read) }
    }
}

impl fmt::Debug for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Reads all pages so many times, one after the other, and once before that.
///
/// # Errors
/// A page can't be read, or has nothing on it.
pub async fn measure(pages: &[Page<'_>], rounds: usize) -> Result<Vec<Figure>, BoxError> {
    let figure = |page: &Page<'_>| Figure { name: page.name.clone(), size: 0, times: Vec::new() };
    let mut figures: Vec<Figure> = pages.iter().map(figure).collect();
    for round in 0..=rounds {
        for (page, figure) in pages.iter().zip(&mut figures) {
            let start = Instant::now();
            let size = (page.read)(round).await?;
            let took = start.elapsed().as_secs_f64() * 1e3;
            if size == 0 {
                return Err(format!("there is nothing on {}", page.name).into());
            }
            figure.size = figure.size.max(size);
            if round > 0 {
                figure.times.push(took);
            }
        }
    }
    Ok(figures)
}

impl Figure {
    /// Whether it is below 50 ms at the median.
    #[must_use]
    pub fn bar(&self) -> Bar {
        Bar::at_most(self.to_string(), MOST, Spread::of(self.times.clone()))
    }

    fn at(&self, share: f64) -> f64 {
        let mut times = self.times.clone();
        times.sort_by(f64::total_cmp);
        let place = (times.len() as f64 * share) as usize;
        times.get(place.min(times.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, size, .. } = self;
        write!(f, "{name:<52} {size:>7} {:>8.2} {:>8.2}", self.at(0.5), self.at(0.99))
    }
}
