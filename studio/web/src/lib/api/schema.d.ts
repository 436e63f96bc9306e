// Made from the server's OpenAPI document by `npm run types`; edit the routes instead.
export interface paths {
    "/api/v1/projects/{project}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What changes in a project, as server-sent events, named sample, job, device, impulse and so on. */
        get: operations["get_projects_project_events"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the server answers. */
        get: operations["get_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This API as OpenAPI 3.1. */
        get: operations["get_openapi_json"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The projects of whoever asks; an administrator's are all. */
        get: operations["get_projects"];
        put?: never;
        /** Makes a project. */
        post: operations["post_projects"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One project. */
        get: operations["get_projects_project"];
        put?: never;
        post?: never;
        /** Deletes a project with everything in it. */
        delete: operations["delete_projects_project"];
        options?: never;
        head?: never;
        /** Changes name, description or settings. */
        patch: operations["patch_projects_project"];
        trace?: never;
    };
    "/api/v1/projects/{project}/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who else works on a project. */
        get: operations["get_projects_project_members"];
        put?: never;
        /** Lets somebody work on a project, or look at it; also changes which. */
        post: operations["post_projects_project_members"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/members/{user}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Takes somebody out of a project. */
        delete: operations["delete_projects_project_members_user"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was saved of a project, oldest first. */
        get: operations["get_projects_project_versions"];
        put?: never;
        /** Keeps data set and impulses as they are now. Costs no bytes of recordings. */
        post: operations["post_projects_project_versions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/versions/{version}/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes data set and impulses what they were then. What is there now is gone unless it was saved. */
        post: operations["post_projects_project_versions_version_restore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/versions/{version}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Forgets a version. */
        delete: operations["delete_projects_project_versions_version"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who did what in a project, newest first. */
        get: operations["get_projects_project_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The API keys, without the keys themselves. */
        get: operations["get_projects_project_keys"];
        put?: never;
        /** Makes an API key, which is shown this once. */
        post: operations["post_projects_project_keys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/keys/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Deletes an API key: it opens nothing any more. */
        delete: operations["delete_projects_project_keys_key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/hmac-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What devices may sign their recordings with. */
        get: operations["get_projects_project_hmac_keys"];
        put?: never;
        /** Makes such a key. */
        post: operations["post_projects_project_hmac_keys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/hmac-keys/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Deletes one: what it signed before stays valid. */
        delete: operations["delete_projects_project_hmac_keys_key"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The recordings of the data set, or of a version of the project, newest first. */
        get: operations["get_projects_project_samples"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/uploads/{category}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Brings recordings as the ingestion service takes them: a form, each file a field `data`. */
        post: operations["post_projects_project_uploads_category"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/samples/edit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Relabels, moves, enables, disables or deletes many recordings at once, all or none. */
        post: operations["post_projects_project_samples_edit"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/samples/{sample}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One recording. */
        get: operations["get_projects_project_samples_sample"];
        put?: never;
        post?: never;
        /** Deletes a recording. */
        delete: operations["delete_projects_project_samples_sample"];
        options?: never;
        head?: never;
        /** Changes what is said about a recording. */
        patch: operations["patch_projects_project_samples_sample"];
        trace?: never;
    };
    "/api/v1/projects/{project}/samples/{sample}/values": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its readings for a plot: of each pixel the least and the greatest. */
        get: operations["get_projects_project_samples_sample_values"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/samples/{sample}/file": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The file as it was brought; a part's file is that of the whole. */
        get: operations["get_projects_project_samples_sample_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/samples/{sample}/duplicates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Other recordings that say the same, oldest first. */
        get: operations["get_projects_project_samples_sample_duplicates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/samples/{sample}/crop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a recording a stretch of itself. Its file stays. */
        post: operations["post_projects_project_samples_sample_crop"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/samples/{sample}/split": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Puts parts of a recording in its place: stretches, equal parts, or what its labels mark. */
        post: operations["post_projects_project_samples_sample_split"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/labels": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many recordings there are of each label and category, and how long the enabled ones are. */
        get: operations["get_projects_project_labels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/data-health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What to know about the data set before learning from it: balance, copies, leaks, clocks, clipping, by sentences. */
        get: operations["get_projects_project_data_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/rebalance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Deals the recordings to training and testing anew: a share of each label, parts and copies on one side. */
        post: operations["post_projects_project_rebalance"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/samples/{sample}/segments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where the events of a long recording are: what to split it into. */
        get: operations["get_projects_project_samples_sample_segments"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/blocks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The signal-processing blocks, and their parameters with range, default and a sentence. */
        get: operations["get_blocks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/architectures": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The networks that a design can name, and their usual size. */
        get: operations["get_architectures"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/boards": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The boards that firmware can be built for, and what they have. */
        get: operations["get_boards"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/impulses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The designs of a project. */
        get: operations["get_projects_project_impulses"];
        put?: never;
        /** Adds a design. */
        post: operations["post_projects_project_impulses"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/impulses/{impulse}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One design. */
        get: operations["get_projects_project_impulses_impulse"];
        put?: never;
        post?: never;
        /** Deletes a design. */
        delete: operations["delete_projects_project_impulses_impulse"];
        options?: never;
        head?: never;
        /** Changes its name, or puts another design in its place. */
        patch: operations["patch_projects_project_impulses_impulse"];
        trace?: never;
    };
    "/api/v1/projects/{project}/preview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a block makes of a window of a recording: the same bits as on a device. */
        post: operations["post_projects_project_preview"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/job-kinds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What jobs there are, and their parameters as JSON Schema. */
        get: operations["get_job_kinds"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The jobs of a project, newest first. */
        get: operations["get_projects_project_jobs"];
        put?: never;
        /** Starts a job. Builds take the right to deploy, all others the right to write. */
        post: operations["post_projects_project_jobs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/jobs/{job}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far a job is, or how it ended. */
        get: operations["get_projects_project_jobs_job"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/jobs/{job}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stops a job as soon as its work looks up; one that has ended stays as it is. */
        post: operations["post_projects_project_jobs_job_cancel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/jobs/{job}/log": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The lines that a job has written, oldest first; give `after` of one answer to the next request. */
        get: operations["get_projects_project_jobs_job_log"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/artefacts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What jobs have made, newest first: models, builds, tables of features. */
        get: operations["get_projects_project_artefacts"];
        put?: never;
        /** Brings a file that a job takes, such as an archive for the job `import`. */
        post: operations["post_projects_project_artefacts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/artefacts/{artefact}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One of them. */
        get: operations["get_projects_project_artefacts_artefact"];
        put?: never;
        post?: never;
        /** Deletes one of them. */
        delete: operations["delete_projects_project_artefacts_artefact"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/artefacts/{artefact}/file": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Its bytes. */
        get: operations["get_projects_project_artefacts_artefact_file"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Devices that have ever been connected. */
        get: operations["get_projects_project_devices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/devices/{device}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Forgets a device until it says hello again. */
        delete: operations["delete_projects_project_devices_device"];
        options?: never;
        head?: never;
        /** Names a device. */
        patch: operations["patch_projects_project_devices_device"];
        trace?: never;
    };
    "/api/v1/projects/{project}/live-devices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The devices that are connected now. */
        get: operations["get_projects_project_live_devices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/samplings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What devices were asked to record since the server started, newest first. */
        get: operations["get_projects_project_samplings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/samplings/{sampling}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How far one of these recordings is. */
        get: operations["get_projects_project_samplings_sampling"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/live-devices/{device}/samplings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Asks a connected device to record now. */
        post: operations["post_projects_project_live_devices_device_samplings"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/live-devices/{device}/snapshots": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last picture of that stream. */
        get: operations["get_projects_project_live_devices_device_snapshots"];
        put?: never;
        /** Switches the stream of a device's camera on or off. */
        post: operations["post_projects_project_live_devices_device_snapshots"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/live-devices/{device}/inference": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Switches the stream of what a device's model says on or off. */
        post: operations["post_projects_project_live_devices_device_inference"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/live-devices/{device}/records": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a device's model said, newest first. */
        get: operations["get_projects_project_live_devices_device_records"];
        put?: never;
        /** Asks a device for records that it has kept. */
        post: operations["post_projects_project_live_devices_device_records"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/live-devices/{device}/summaries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A device's own summaries of what its model said, newest first. */
        get: operations["get_projects_project_live_devices_device_summaries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/live-devices/{device}/model": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tells a device that there is a new model to fetch. */
        post: operations["post_projects_project_live_devices_device_model"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/live-devices/{device}/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a device senses, as it senses it, while somebody looks: server-sent events state, readings, scores and verdict (docs/formats/live.md). */
        get: operations["get_projects_project_live_devices_device_live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/projects/{project}/pairings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A code that lets a phone or a browser in as a device: in hello, and as x-api-key of what it uploads. */
        post: operations["post_projects_project_pairings"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/remote-management": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The devices' WebSocket, as on its own port, for pages of this origin. The key, or the pairing code, comes with its first message. */
        get: operations["get_remote_management"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Logs in: a session as a cookie for browsers, and as a token for the header Authorization: Bearer. */
        post: operations["post_login"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends the session. */
        post: operations["post_logout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who asks, and whether this server has accounts. */
        get: operations["get_me"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/me/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Changes one's own password; ends all sessions and begins a new one. */
        put: operations["put_me_password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All accounts. */
        get: operations["get_users"];
        put?: never;
        /** Adds an account. */
        post: operations["post_users"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{user}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes an account and its sessions. */
        delete: operations["delete_users_user"];
        options?: never;
        head?: never;
        /** Changes an account: address, password, whether it is an administrator's. */
        patch: operations["patch_users_user"];
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who did what on this server, newest first. */
        get: operations["get_audit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/backup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Writes all that the server keeps into one file in its data folder, while it serves. */
        post: operations["post_backup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description RFC 9457. */
        Problem: {
            type: string;
            title: string;
            status: number;
            /** @description One sentence: what, where, what to do. */
            detail: string;
        };
        Health: {
            status: string;
        };
        Project: {
            id: number;
            name: string;
            description: string;
            owner_id: number | null;
            settings: Record<string, unknown>;
            /** @description Milliseconds since 1970, for people; order is by id. */
            created_ms: number;
            /** @description Rises with every change; the ETag. */
            version: number;
        };
        Projects: {
            projects: components["schemas"]["Project"][];
        };
        NewProject: {
            name: string;
            description?: string;
            settings?: Record<string, unknown>;
        };
        ProjectChange: {
            name?: string;
            description?: string;
            settings?: Record<string, unknown>;
        };
        Member: {
            user_id: number;
            name: string;
            /** @enum {string} */
            role: "admin" | "readonly";
        };
        Members: {
            members: components["schemas"]["Member"][];
        };
        NewMember: {
            /** @description Name or address of an account. */
            user: string;
            /** @enum {string} */
            role: "admin" | "readonly";
        };
        Version: {
            id: number;
            /** @description 1, 2, 3 in the project. */
            number: number;
            description: string;
            /** @description Milliseconds since 1970, for people; order is by id. */
            created_ms: number;
        };
        Versions: {
            versions: components["schemas"]["Version"][];
        };
        NewVersion: {
            description?: string;
        };
        AuditEntry: {
            id: number;
            /** @description 0: of the whole server. */
            project_id: number;
            actor: string;
            action: string;
            subject: string;
            detail: Record<string, unknown>;
            time_ms: number;
        };
        AuditEntries: {
            entries: components["schemas"]["AuditEntry"][];
            /** @description Give it as cursor for the rest; left out at the end. */
            next?: number;
        };
        Key: {
            id: number;
            name: string;
            /** @description Its first characters. */
            hint: string;
            /** @enum {string} */
            role: "admin" | "readonly" | "ingestiononly" | "ingestion_deployment";
            development: boolean;
            /** @description Milliseconds since 1970, for people; order is by id. */
            created_ms: number;
        };
        Keys: {
            keys: components["schemas"]["Key"][];
        };
        NewKey: {
            name: string;
            /** @enum {string} */
            role: "admin" | "readonly" | "ingestiononly" | "ingestion_deployment";
            development?: boolean;
        };
        MadeKey: {
            id: number;
            name: string;
            /** @enum {string} */
            role: "admin" | "readonly" | "ingestiononly" | "ingestion_deployment";
            /** @description Shown this once. */
            key: string;
        };
        HmacKey: {
            id: number;
            name: string;
            key: string;
            /** @description Milliseconds since 1970, for people; order is by id. */
            created_ms?: number;
        };
        HmacKeys: {
            keys: components["schemas"]["HmacKey"][];
        };
        NewHmacKey: {
            name: string;
        };
        Sample: {
            id: number;
            name: string;
            file_name: string;
            /** @description Empty: none. */
            label: string;
            /** @enum {string} */
            category: "training" | "testing" | "anomaly" | "post-processing";
            enabled: boolean;
            /** @enum {string} */
            kind: "time-series" | "image" | "features";
            axes: {
                name: string;
                units: string;
            }[];
            interval_ms: number;
            length_ms: number;
            frequency_hz: number;
            /** @description Each of all axes. */
            readings: number;
            /** @description Of its file; above 0 in parts. */
            first_reading: number;
            /** @description Of its file. */
            bytes: number;
            /** @description The recording that it was cut from. */
            part_of: number | null;
            content_hash: string;
            device_id: string;
            device_type: string;
            metadata: Record<string, unknown>;
            bounding_boxes: Record<string, unknown>[];
            structured_labels: Record<string, unknown>[];
            /** @description valid, invalid or none; empty for files that have none. */
            signature: string;
            /** @description Milliseconds since 1970, for people; order is by id. */
            created_ms: number;
            /** @description Rises with every change; the ETag. */
            version: number;
        };
        Samples: {
            samples: components["schemas"]["Sample"][];
            /** @description All that fit, when asked for by count=true. */
            count?: number;
            /** @description Give it as cursor for the rest; left out at the end. */
            next?: number;
        };
        SampleChange: {
            name?: string;
            label?: string;
            /** @enum {string} */
            category?: "training" | "testing" | "anomaly" | "post-processing";
            enabled?: boolean;
            metadata?: {
                [key: string]: string;
            };
            bounding_boxes?: {
                label: string;
                x: number;
                y: number;
                width: number;
                height: number;
            }[];
            structured_labels?: {
                startIndex: number;
                endIndex: number;
                label: string;
            }[];
        };
        /** @description Every condition has to hold; none: all recordings. */
        SampleFilter: {
            label?: string;
            /** @enum {string} */
            category?: "training" | "testing" | "anomaly" | "post-processing";
            device_id?: string;
            /** @description A part of the name, letters of any case. */
            name?: string;
            enabled?: boolean;
            min_length_ms?: number;
            max_length_ms?: number;
        };
        SampleEdit: {
            /** @enum {string} */
            action: "relabel" | "move" | "enable" | "disable" | "delete";
            /** @description Of relabel. */
            label?: string;
            /**
             * @description Of move.
             * @enum {string}
             */
            category?: "training" | "testing" | "anomaly" | "post-processing";
            ids?: number[];
            filter?: components["schemas"]["SampleFilter"];
        };
        Uploaded: {
            files: {
                file_name: string;
                /** @description Null: it was not taken, and error says why. */
                sample: number | null;
                error?: string;
                /** @description What is worth knowing. */
                notices: string[];
            }[];
        };
        Changed: {
            changed: number;
        };
        Ids: {
            ids: number[];
        };
        Stretch: {
            /** @description Reading. */
            first: number;
            /** @description Readings. */
            count: number;
        };
        SampleSplit: {
            parts?: components["schemas"]["SamplePart"][];
            /** @description Instead of parts: so many readings each, one after the other; the rest is dropped. */
            every?: number;
            /**
             * @description Instead of parts: one for each stretch that its structured_labels mark, with that label.
             * @default false
             */
            by_label?: boolean;
        };
        SamplePart: {
            /** @description Reading. */
            first: number;
            /** @description Readings. */
            count: number;
            /** @description Left out: that of the whole. */
            label?: string;
        };
        Segments: {
            /** @description As `parts` of a split takes them; none: nothing stands out. */
            segments: components["schemas"]["Stretch"][];
        };
        RebalanceWish: {
            /**
             * @description Of each label.
             * @default 0.2
             */
            testing_share?: number;
            /**
             * @description Say what would happen, and change nothing.
             * @default false
             */
            dry_run?: boolean;
        };
        Rebalanced: {
            dry_run: boolean;
            /** @description For training or testing; others stay what they are. */
            recordings: number;
            /** @description Recordings that share no content and are no parts of one recording: each stands on one side as a whole. */
            families: number;
            /** @description That changed sides. */
            to_training: number;
            to_testing: number;
            /** @description How many there are then. */
            labels: {
                label: string;
                training: number;
                testing: number;
            }[];
            sentences: string[];
        };
        HealthCheck: {
            /** @enum {string} */
            name: "balance" | "duplicates" | "leakage" | "axes" | "clock" | "clipping" | "still" | "remarks";
            /** @enum {string} */
            level: "good" | "hint" | "problem";
            /** @description One at least. */
            sentences: string[];
            /** @description Recordings that it is about. */
            count: number;
            /** @description Their ids, the first 1000. */
            samples: number[];
        };
        DataHealth: {
            recordings: number;
            /** @description Only these are looked at. */
            enabled: number;
            /** @description Of the enabled ones. */
            length_ms: number;
            /**
             * @description The worst of the checks.
             * @enum {string}
             */
            level: "good" | "hint" | "problem";
            labels: components["schemas"]["Label"][];
            checks: components["schemas"]["HealthCheck"][];
        };
        Label: {
            label: string;
            /** @enum {string} */
            category: "training" | "testing" | "anomaly" | "post-processing";
            samples: number;
            enabled: number;
            /** @description Of the enabled ones. */
            length_ms: number;
        };
        Labels: {
            labels: components["schemas"]["Label"][];
        };
        Values: {
            first: number;
            /** @description Readings that are shown. */
            count: number;
            interval_ms: number;
            /** @description No reading is left out: least holds them all, and there is no greatest. */
            exact: boolean;
            axes: {
                name: string;
                units: string;
                least: number[];
                greatest?: number[];
            }[];
        };
        Impulse: {
            id: number;
            name: string;
            design: components["schemas"]["ImpulseDesign"];
            /** @description Milliseconds since 1970, for people; order is by id. */
            created_ms: number;
            /** @description Rises with every change; the ETag. */
            version: number;
        };
        Impulses: {
            impulses: components["schemas"]["Impulse"][];
        };
        ImpulseDesign: {
            /** @enum {unknown} */
            learn?: "classifier" | "anomaly" | "regression";
            window_ms?: number;
            stride_ms?: number;
            picture_side?: number;
            split?: string;
            block?: {
                name: string;
                parameters?: Record<string, unknown>;
            };
            network?: {
                architecture?: string;
                width?: number;
                depth?: number;
                dropout?: number;
            };
            training?: {
                epochs?: number;
                learning_rate?: number;
                batch_rows?: number;
                seed?: number;
                validation_share?: number;
                augmentation?: boolean;
            };
            anomaly?: {
                /** @enum {unknown} */
                detector?: "kmeans" | "gmm" | "gmm_full" | "autoencoder";
                components?: number;
                accepted_share?: number;
                normal?: string[];
            };
        };
        NewImpulse: {
            name: string;
            design?: components["schemas"]["ImpulseDesign"];
        };
        ImpulseChange: {
            name?: string;
            design?: components["schemas"]["ImpulseDesign"];
        };
        Block: {
            name: string;
            parameters: {
                name: string;
                label: string;
                unit: string;
                sentence: string;
                /** @enum {string} */
                kind: "number" | "integer" | "flag" | "choice";
                default: number | boolean | string;
                minimum?: number;
                maximum?: number;
                choices?: string[];
            }[];
        };
        Blocks: {
            blocks: components["schemas"]["Block"][];
        };
        Architecture: {
            name: string;
            sentence: string;
            /** @description Units or filters of its first layer; of MobileNets the percentage of the original's. */
            width: number;
            depth: number;
            dropout: number;
        };
        Architectures: {
            architectures: components["schemas"]["Architecture"][];
        };
        Board: {
            name: string;
            core: string;
            clock_hz: number;
            flash_bytes: number;
            ram_bytes: number;
        };
        Boards: {
            boards: components["schemas"]["Board"][];
        };
        BlockWish: {
            name: string;
            /** @description Those that are not the default. */
            parameters?: Record<string, unknown>;
        };
        PreviewWish: {
            sample: number;
            block: components["schemas"]["BlockWish"];
            /** @description Reading that the window begins at. */
            first?: number;
            /** @description Left out or 0: to the end. */
            window_ms?: number;
            /** @description Of pictures: made squares of so many pixels. */
            picture_side?: number;
        };
        Preview: {
            features: number[];
            /** @description Empty where the place in the layout says what a feature is. */
            names: {
                axis: string;
                text: string;
                unit: string;
            }[];
            readings: number;
            layout: {
                /** @enum {string} */
                kind: "flat" | "spectrogram" | "image";
                width: number;
                height: number;
                channels: number;
            };
        };
        JobKind: {
            name: string;
            summary: string;
            /** @description JSON Schema. */
            parameters: Record<string, unknown>;
            gives: string;
        };
        JobKinds: {
            kinds: components["schemas"]["JobKind"][];
        };
        NewJob: {
            /** @description One of /api/v1/job-kinds. */
            kind: string;
            /** @description As that kind says. */
            parameters?: Record<string, unknown>;
        } & ({
            /** @constant */
            kind?: "features";
            parameters?: components["schemas"]["features_job"];
        } | {
            /** @constant */
            kind?: "train";
            parameters?: components["schemas"]["train_job"];
        } | {
            /** @constant */
            kind?: "test";
            parameters?: components["schemas"]["test_job"];
        } | {
            /** @constant */
            kind?: "tune";
            parameters?: components["schemas"]["tune_job"];
        } | {
            /** @constant */
            kind?: "build";
            parameters?: components["schemas"]["build_job"];
        } | {
            /** @constant */
            kind?: "import";
            parameters?: components["schemas"]["import_job"];
        } | {
            /** @constant */
            kind?: "export";
            parameters?: components["schemas"]["export_job"];
        });
        Job: {
            id: number;
            kind: string;
            parameters: Record<string, unknown>;
            /** @enum {string} */
            state: "queued" | "running" | "done" | "failed" | "cancelled";
            /** @description 0 to 1. */
            progress: number;
            message: string;
            attempts: number;
            /** @description Why it failed, one sentence. */
            error: string;
            result: Record<string, unknown>;
            /** @description Milliseconds since 1970, for people; order is by id. */
            created_ms: number;
            started_ms: number;
            finished_ms: number;
        };
        Jobs: {
            jobs: components["schemas"]["Job"][];
            /** @description Give it as cursor for the rest; left out at the end. */
            next?: number;
        };
        JobLog: {
            lines: {
                id: number;
                time_ms: number;
                text: string;
            }[];
            after: number;
            /** @description Of the job. */
            state: string;
        };
        Artefact: {
            id: number;
            job_id: number | null;
            kind: string;
            name: string;
            bytes: number;
            metadata: Record<string, unknown>;
            /** @description Milliseconds since 1970, for people; order is by id. */
            created_ms: number;
        };
        Artefacts: {
            artefacts: components["schemas"]["Artefact"][];
        };
        Device: {
            device_id: string;
            name: string;
            type: string;
            abilities: Record<string, unknown>;
            /** @description Milliseconds since 1970, for people; order is by id. */
            created_ms: number;
            last_seen_ms: number;
            /** @description Rises with every change; the ETag. */
            version: number;
        };
        Devices: {
            devices: components["schemas"]["Device"][];
        };
        DeviceChange: {
            name: string;
        };
        LiveDevice: {
            device_id: string;
            device_type: string;
            sensors: {
                name: string;
                max_sample_length_s: number;
                frequencies_hz: number[];
            }[];
            /** @description It can stream pictures. */
            snapshots: boolean;
            /** @description It can stream what its model says. */
            inference: boolean;
            /** @description It can send readings as they come. */
            live: boolean;
            model: Record<string, unknown> | null;
            records: Record<string, unknown> | null;
            connected_ms: number;
        };
        LiveDevices: {
            devices: components["schemas"]["LiveDevice"][];
        };
        SamplingWish: {
            label?: string;
            /** @description 10000 if left out. */
            length_ms?: number;
            /** @description Left out or 0: the sensor's fastest. */
            interval_ms?: number;
            /** @description Left out: its first. */
            sensor?: string;
            /** @enum {string} */
            category?: "training" | "testing" | "anomaly" | "split";
        };
        Sampling: {
            id: number;
            device_id: string;
            /** @description asked, accepted, recording, uploading, done, failed. */
            state: string;
            label: string;
            length_ms: number;
            interval_ms: number;
            sensor: string;
            category: string;
            progress?: number;
            sample_id?: number;
            error?: string;
        };
        Pairing: {
            /** @description Instead of a key, in a device's hello and as x-api-key of what it uploads. */
            code: string;
            /** @description Of the page that takes the code: for a QR code. */
            url: string;
            /** @description Unless it is used before; then twelve hours after its last use. */
            expires_ms: number;
            /** @description Why a phone could not come in this way, and what to do; left out where it can. */
            notice?: string;
        };
        Samplings: {
            samplings: components["schemas"]["Sampling"][];
        };
        SnapshotSwitch: {
            on: boolean;
            /** @enum {string} */
            resolution?: "low" | "high";
        };
        InferenceSwitch: {
            on: boolean;
        };
        /** @description Either list, or first and last. */
        RecordRecall: {
            list?: number[];
            first?: number;
            last?: number;
        };
        InferenceRecords: {
            items: {
                id: number;
                number: number;
                device_time_ms: number;
                created_ms: number;
                media: string;
                record: unknown;
            }[];
            /** @description Give it as cursor for the rest; left out at the end. */
            next?: number;
        };
        InferenceSummaries: {
            items: {
                id: number;
                first_number: number;
                last_number: number;
                created_ms: number;
                summary: unknown;
            }[];
            /** @description Give it as cursor for the rest; left out at the end. */
            next?: number;
        };
        ModelOffer: {
            /** @description Left out or 0: the latest. */
            deployment_version?: number;
        };
        User: {
            /** @description 0: the computer's one user. */
            id: number;
            name: string;
            email: string;
            administrator: boolean;
            /** @description Milliseconds since 1970, for people; order is by id. */
            created_ms: number;
        };
        Users: {
            users: components["schemas"]["User"][];
        };
        Login: {
            /** @description Or the address. */
            name: string;
            password: string;
        };
        Session: {
            /** @description For Authorization: Bearer. */
            token: string;
            /** @description For X-CSRF-Token, with the cookie. */
            csrf_token: string;
            expires_ms: number;
            user: components["schemas"]["User"];
        };
        PasswordChange: {
            old_password: string;
            new_password: string;
        };
        Me: {
            /** @enum {string} */
            kind: "nobody" | "local" | "key" | "user";
            accounts: boolean;
            administrator: boolean;
            project_id?: number;
            role?: string;
            user?: components["schemas"]["User"];
            csrf_token?: string;
            expires_ms?: number;
        };
        BackupReport: {
            /** @description On the server's computer. */
            file: string;
            rows: number;
            blobs: number;
            /** @description Of the file. */
            bytes: number;
        };
        NewUser: {
            name: string;
            email?: string;
            password: string;
            administrator?: boolean;
        };
        UserChange: {
            email?: string;
            password?: string;
            administrator?: boolean;
        };
        /** @description Makes the features of all windows, and a picture of them. Makes: artefacts features (features.json: a window's sample, start, part, label, x, y) and feature_table (features.csv). */
        features_job: {
            /** @description of the project; or give a design */
            impulse?: number;
            design?: components["schemas"]["ImpulseDesign"];
            /** @description of the project, whose data set is taken; 0: as it is now */
            version?: number;
        };
        /** @description Trains an impulse with the data set and tests it. Makes: artefacts impulse (impulse.json), model and float_model (.tflite), report (report.json). */
        train_job: {
            /** @description of the project; or give a design */
            impulse?: number;
            design?: components["schemas"]["ImpulseDesign"];
            /** @description of the project, whose data set is taken; 0: as it is now */
            version?: number;
        };
        /** @description Tests what was trained on the testing samples. Makes: artefact test (test.json: the figures, and the answer for each sample). */
        test_job: {
            /** @description the job that trained; 0 or left out: the newest */
            training?: number;
            version?: number;
        };
        /** @description Searches for the impulse that does best within a board's limits, and trains it. Makes: artefact search (search.json: all trials, and the design that was chosen), and those of train. */
        tune_job: {
            /** @description of the project; or give a design */
            impulse?: number;
            design?: components["schemas"]["ImpulseDesign"];
            /** @description of the project, whose data set is taken; 0: as it is now */
            version?: number;
            board?: string;
            ram_bytes?: number;
            flash_bytes?: number;
            parameters?: number;
            latency_ms?: number;
            seconds?: number;
            trials?: number;
        };
        /** @description Builds what devices run. Makes: artefact build (a .zip, of firmware a .bin beside the artefact elf, or a .eim). */
        build_job: {
            /** @description the job that trained; 0 or left out: the newest */
            training?: number;
            /** @enum {unknown} */
            kind?: "c" | "arduino" | "platformio" | "cmake" | "zephyr" | "esp-idf" | "firmware" | "eim";
            board?: string;
            /** @enum {unknown} */
            prefer?: "speed" | "size";
        };
        /** @description Takes the samples of an archive into the data set. Makes: samples; those that the data set holds already are passed over. */
        import_job: {
            /** @description the archive, kept as an artefact of the kind archive */
            artefact: number;
            /** @enum {unknown} */
            category?: "training" | "testing";
        };
        /** @description Packs data set and impulses into an archive that can be imported again. Makes: artefact archive (a .zip). */
        export_job: {
            version?: number;
        };
    };
    responses: {
        /** @description Why not, as RFC 9457 says it. */
        Problem: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    get_projects_project_events: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_openapi_json: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Projects"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProject"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    delete_projects_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    patch_projects_project: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ProjectChange"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Project"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_members: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Members"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_members: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMember"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Member"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    delete_projects_project_members_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                user: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_versions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Versions"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_versions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewVersion"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Version"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_versions_version_restore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    delete_projects_project_versions_version: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                version: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_audit: {
        parameters: {
            query?: {
                cursor?: number;
                limit?: number;
            };
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEntries"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_keys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Keys"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_keys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewKey"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeKey"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    delete_projects_project_keys_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_hmac_keys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HmacKeys"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_hmac_keys: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewHmacKey"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HmacKey"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    delete_projects_project_hmac_keys_key: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_samples: {
        parameters: {
            query?: {
                label?: string;
                category?: "training" | "testing" | "anomaly" | "post-processing";
                device_id?: string;
                name?: string;
                enabled?: boolean;
                min_length_ms?: number;
                max_length_ms?: number;
                project_version?: number;
                count?: boolean;
                cursor?: number;
                limit?: number;
            };
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Samples"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_uploads_category: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                category: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "multipart/form-data": unknown;
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Uploaded"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_samples_edit: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SampleEdit"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Changed"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_samples_sample: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                sample: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sample"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    delete_projects_project_samples_sample: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                sample: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    patch_projects_project_samples_sample: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                sample: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SampleChange"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sample"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_samples_sample_values: {
        parameters: {
            query?: {
                first?: number;
                count?: number;
                width?: number;
            };
            header?: never;
            path: {
                project: string;
                sample: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Values"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_samples_sample_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                sample: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_samples_sample_duplicates: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                sample: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Samples"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_samples_sample_crop: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                sample: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Stretch"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sample"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_samples_sample_split: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                sample: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SampleSplit"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ids"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_labels: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Labels"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_data_health: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataHealth"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_rebalance: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RebalanceWish"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Rebalanced"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_samples_sample_segments: {
        parameters: {
            query?: {
                length_ms?: number;
                sensitivity?: number;
                shift?: boolean;
            };
            header?: never;
            path: {
                project: string;
                sample: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Segments"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_blocks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Blocks"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_architectures: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Architectures"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_boards: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Boards"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_impulses: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Impulses"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_impulses: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewImpulse"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Impulse"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_impulses_impulse: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                impulse: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Impulse"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    delete_projects_project_impulses_impulse: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                impulse: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    patch_projects_project_impulses_impulse: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                impulse: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ImpulseChange"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Impulse"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_preview: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PreviewWish"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Preview"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_job_kinds: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobKinds"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_jobs: {
        parameters: {
            query?: {
                cursor?: number;
                limit?: number;
            };
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Jobs"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_jobs: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewJob"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_jobs_job: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_jobs_job_cancel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Job"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_jobs_job_log: {
        parameters: {
            query?: {
                after?: number;
                limit?: number;
            };
            header?: never;
            path: {
                project: string;
                job: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JobLog"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_artefacts: {
        parameters: {
            query?: {
                kind?: string;
            };
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Artefacts"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_artefacts: {
        parameters: {
            query?: {
                name?: string;
                kind?: string;
            };
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": unknown;
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Artefact"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_artefacts_artefact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                artefact: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Artefact"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    delete_projects_project_artefacts_artefact: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                artefact: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_artefacts_artefact_file: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                artefact: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": unknown;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_devices: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Devices"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    delete_projects_project_devices_device: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                device: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    patch_projects_project_devices_device: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                device: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeviceChange"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Device"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_live_devices: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LiveDevices"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_samplings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Samplings"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_samplings_sampling: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                sampling: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sampling"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_live_devices_device_samplings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                device: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SamplingWish"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sampling"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_live_devices_device_snapshots: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                device: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "image/jpeg": unknown;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_live_devices_device_snapshots: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                device: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SnapshotSwitch"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_live_devices_device_inference: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                device: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["InferenceSwitch"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_live_devices_device_records: {
        parameters: {
            query?: {
                cursor?: number;
                limit?: number;
            };
            header?: never;
            path: {
                project: string;
                device: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InferenceRecords"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_live_devices_device_records: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                device: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RecordRecall"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_live_devices_device_summaries: {
        parameters: {
            query?: {
                cursor?: number;
                limit?: number;
            };
            header?: never;
            path: {
                project: string;
                device: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["InferenceSummaries"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_live_devices_device_model: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
                device: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ModelOffer"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    get_projects_project_live_devices_device_live: {
        parameters: {
            query?: {
                sensor?: string;
                training?: number;
            };
            header?: never;
            path: {
                project: string;
                device: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": unknown;
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_projects_project_pairings: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                project: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pairing"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_remote_management: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    post_login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    get_me: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    put_me_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_users: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Users"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_users: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    delete_users_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            default: components["responses"]["Problem"];
        };
    };
    patch_users_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                user: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserChange"];
            };
        };
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    get_audit: {
        parameters: {
            query?: {
                cursor?: number;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditEntries"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
    post_backup: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It went well. */
            "2XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackupReport"];
                };
            };
            default: components["responses"]["Problem"];
        };
    };
}
