//! Reads the environment and runs the server until it is told to stop.

use std::{process::ExitCode, sync::Arc};

use multi_tenant_saas::{Server, Settings, telemetry};
use tenant::SystemClock;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

#[tokio::main]
async fn main() -> ExitCode {
    telemetry::init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("multi-tenant-saas: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let settings = Settings::from_env()?;
    let server = Server::start(&settings, Arc::new(SystemClock::new())).await?;
    let shutdown = shutdown()?;
    let listener = TcpListener::bind(settings.address)
        .await
        .map_err(|error| format!("APP_ADDR {} can't be listened on: {error}", settings.address))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    server.run(listener, shutdown).await;
    Ok(())
}

/// Completes with the first SIGTERM or SIGINT.
fn shutdown() -> Result<impl Future<Output = ()> + Send, std::io::Error> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
    })
}
