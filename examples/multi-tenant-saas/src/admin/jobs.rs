//! What takes long: a tenant's way out of the deployment, and into it.

use std::{io, path::Path as FilePath};

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{
        HeaderMap, StatusCode,
        header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, LOCATION},
    },
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tenant::{
    ApiError, ArchiveSummary, ConfigStore, LifecycleErrorKind, Rejection, RejectionKind, StoreError,
    StoreErrorKind, TenantId, TenantStatus, Timestamp,
    control::JobRunner,
    jobs::{Job, JobKind, JobStatus, Progress},
};
use tokio::{
    fs::{File, OpenOptions},
    io::{AsyncReadExt, AsyncWriteExt},
};
use utoipa::ToSchema;

use super::{body::new_id, tenants::find};
use crate::{
    audit::AlsoAbout,
    docs::schemas,
    http::{StrictJson, StrictQuery},
    state::AppState,
};

type Answer = Result<Response, ApiError>;

#[derive(Serialize)]
struct JobView<'a> {
    job_id: &'a str,
    kind: JobKind,
    tenant_id: &'a TenantId,
    /// Of whom a clone is made.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a TenantId>,
    status: JobStatus,
    progress: Progress,
    result: Option<&'a Map<String, Value>>,
    /// Why it was given up.
    error: Option<&'a str>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> From<&'a Job> for JobView<'a> {
    fn from(job: &'a Job) -> Self {
        Self {
            job_id: &job.job_id,
            kind: job.kind,
            tenant_id: &job.tenant,
            source: job.source.as_ref(),
            status: job.status,
            progress: job.progress,
            result: job.result.as_ref(),
            error: job.failure.as_deref(),
            created_at: job.created_at,
            updated_at: job.updated_at,
        }
    }
}

/// `POST /admin/tenants/{id}/export`.
pub(super) async fn export(State(app): State<AppState>, Path(id): Path<String>) -> Answer {
    let config = find(&app, &id).await?;
    let job = app.jobs.runner.add(JobKind::Export, config.tenant_id, None).await;
    accepted(&job.map_err(busy)?)
}

/// `POST /admin/tenants/{id}/purge`: of a tenant that was deleted, and of no other.
pub(super) async fn purge(State(app): State<AppState>, Path(id): Path<String>) -> Answer {
    let config = find(&app, &id).await?;
    if config.status != TenantStatus::Deleted {
        return Err(conflict("only a deleted tenant is purged").into());
    }
    let job = app.jobs.runner.add(JobKind::Purge, config.tenant_id, None).await;
    accepted(&job.map_err(busy)?)
}

/// The body of `POST /admin/tenants/{id}/clone`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloneBody {
    /// Who is made.
    #[schema(schema_with = schemas::tenant_id)]
    tenant_id: String,
}

/// `POST /admin/tenants/{id}/clone`: another tenant with the same rows. It is told of in the log of both.
pub(super) async fn clone(
    State(app): State<AppState>,
    Path(id): Path<String>,
    StrictJson(CloneBody { tenant_id }): StrictJson<CloneBody>,
) -> Answer {
    let source = find(&app, &id).await?;
    let target = new_id(&tenant_id)?;
    if source.status == TenantStatus::Deleted {
        return Err(conflict("a deleted tenant is not cloned").into());
    }
    free(&app, &target).await?;
    let job = app.jobs.runner.add(JobKind::Clone, target, Some(source.tenant_id)).await;
    let mut answer = accepted(&job.map_err(busy)?)?;
    answer.extensions_mut().insert(AlsoAbout(target));
    Ok(answer)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportQuery {
    tenant_id: Option<String>,
}

/// `POST /admin/tenants/import?tenant_id=`: the body is an archive, which goes into a file piece by piece.
pub(super) async fn import(
    State(app): State<AppState>,
    StrictQuery(query): StrictQuery<ImportQuery>,
    headers: HeaderMap,
    body: Body,
) -> Answer {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if kind.is_none_or(|kind| !kind.eq_ignore_ascii_case("application/x-tar")) {
        let wanted = Rejection::new(RejectionKind::UnsupportedMediaType);
        return Err(wanted.with_detail("the body must be application/x-tar").into());
    }
    let id = query.tenant_id.as_deref().map(new_id).transpose()?;
    if let Some(id) = &id {
        free(&app, id).await?;
    }
    let _one_of_few =
        app.jobs.uploads.acquire().await.map_err(|_| Rejection::new(RejectionKind::Internal))?;
    let job_id = JobRunner::new_id();
    let file = app.jobs.archive_of(&job_id).map_err(failed)?;
    let job = match keep(body, &file, app.jobs.longest_import).await {
        Ok(()) => add_import(&app, job_id, id, &file).await,
        Err(error) => Err(error),
    };
    match job {
        Ok(job) => accepted(&job),
        Err(error) => {
            let _ = tokio::fs::remove_file(&file).await;
            Err(error)
        }
    }
}

/// Who is to be made is said in the query, or by the archive.
async fn add_import(
    app: &AppState,
    job_id: String,
    id: Option<TenantId>,
    file: &FilePath,
) -> Result<Job, ApiError> {
    let id = match id {
        Some(id) => id,
        None => {
            let summary = ArchiveSummary::read(file).await.map_err(|error| match error.kind() {
                LifecycleErrorKind::Archive { .. } => Rejection::invalid_request(error.to_string()),
                _ => Rejection::store_unavailable(StoreError::unavailable(error)),
            })?;
            let id = new_id(summary.tenant.as_str())?;
            free(app, &id).await?;
            id
        }
    };
    app.jobs.runner.add_as(job_id, JobKind::Import, id, None).await.map_err(busy)
}

/// Writes a body into a file, as long as it is no longer than it may be.
async fn keep(body: Body, file: &FilePath, longest: u64) -> Result<(), ApiError> {
    let mut options = OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    options.mode(0o600);
    let mut file = options.open(file).await.map_err(failed)?;
    let (mut body, mut length) = (body.into_data_stream(), 0);
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|_| Rejection::invalid_request("the body ended too early"))?;
        length += piece.len() as u64;
        if length > longest {
            return Err(Rejection::new(RejectionKind::BodyTooLarge).into());
        }
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.sync_all().await.map_err(failed)?;
    Ok(())
}

/// `GET /admin/jobs/{job_id}`.
pub(super) async fn show(State(app): State<AppState>, Path(job_id): Path<String>) -> Answer {
    Ok(Json(JobView::from(&job(&app, &job_id).await?)).into_response())
}

/// `GET /admin/jobs/{job_id}/archive`: what an export has written, piece by piece.
pub(super) async fn archive(State(app): State<AppState>, Path(job_id): Path<String>) -> Answer {
    let job = job(&app, &job_id).await?;
    if job.kind != JobKind::Export {
        return Err(Rejection::not_found().into());
    }
    if job.status != JobStatus::Done {
        return Err(conflict("the export is not done").into());
    }
    let file = app.jobs.archive_of(&job.job_id).map_err(failed)?;
    let file = File::open(file).await.map_err(|error| match error.kind() {
        // It was removed when its time had come.
        io::ErrorKind::NotFound => Rejection::not_found(),
        _ => failed(error),
    })?;
    let length = file.metadata().await.map_err(failed)?.len();
    let name = format!("attachment; filename=\"{}.tar\"", job.tenant);
    let headers = [
        (CONTENT_TYPE, "application/x-tar".to_owned()),
        (CONTENT_LENGTH, length.to_string()),
        (CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::from_stream(pieces(file))).into_response())
}

const PIECE: usize = 64 << 10;

fn pieces(file: File) -> impl stream::Stream<Item = io::Result<Bytes>> {
    let next = |mut file: File| async {
        let mut piece = vec![0; PIECE];
        let read = file.read(&mut piece).await?;
        piece.truncate(read);
        Ok((read > 0).then(|| (Bytes::from(piece), file)))
    };
    stream::try_unfold(file, next).into_stream()
}

async fn job(app: &AppState, job_id: &str) -> Result<Job, ApiError> {
    Ok(app.jobs.runner.find(job_id).await?.ok_or_else(Rejection::not_found)?)
}

async fn free(app: &AppState, id: &TenantId) -> Result<(), ApiError> {
    match app.configs.fetch(id).await? {
        Some(_) => Err(conflict("the tenant exists already").into()),
        None => Ok(()),
    }
}

fn accepted(job: &Job) -> Answer {
    let location = [(LOCATION, format!("/admin/jobs/{}", job.job_id))];
    let body = Json(serde_json::json!({ "job_id": job.job_id, "status": job.status }));
    Ok((StatusCode::ACCEPTED, location, body).into_response())
}

fn conflict(detail: &'static str) -> Rejection {
    Rejection::new(RejectionKind::Conflict).with_detail(detail)
}

/// Too many wait already.
fn busy(error: StoreError) -> ApiError {
    match error.kind() {
        StoreErrorKind::AlreadyExists => conflict("too many jobs of this tenant wait already").into(),
        _ => error.into(),
    }
}

fn failed(error: io::Error) -> Rejection {
    Rejection::store_unavailable(StoreError::unavailable(error))
}
