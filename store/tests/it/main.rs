//! The store from outside: one suite of cases, run on every engine, and a few cases of single engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod build;
mod postgres;
mod sqlite;
mod suite;
mod verify;

use store::Store;

/// An engine to run the suite on: a new empty database, which can be opened more than once.
pub(crate) trait Backend {
    /// Whether there is such an engine here; says why if there is none.
    fn is_there() -> bool {
        true
    }

    /// Makes an empty database.
    fn fresh() -> Self;

    /// Opens it.
    fn open(&self) -> Store;

    /// Runs statements in it, past the store.
    fn run_sql(&self, sql: &str);
}

/// Instantiates every case of the suite for one engine.
macro_rules! run_suite {
    ($engine:ident, $backend:ty; $($module:ident: $($case:ident),+ $(,)?;)+) => {
        mod $engine {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if <$backend as crate::Backend>::is_there() {
                        crate::suite::$module::$case(<$backend as crate::Backend>::fresh()).await;
                    }
                })+
            })+
        }
    };
}

/// All cases; a new one is named here.
macro_rules! suite_on {
    ($engine:ident, $backend:ty) => {
        run_suite! {
            $engine, $backend;
            image:
                the_same_report_again_changes_nothing,
                a_later_scan_of_the_same_content_moves_last_scanned,
                packages_that_come_later_have_the_time_at_which_they_came,
                an_older_report_adds_names_and_tags_and_nothing_else,
                names_and_sources_of_all_reports_are_united,
                packages_are_shared_between_images_and_come_back_whole,
                a_large_report_is_stored_whole,
                the_operating_system_is_an_entry_of_the_inventory,
                two_customers_do_not_see_each_other,
                pages_cover_every_image_once,
                bad_reports_are_refused_at_their_place,
                a_bad_request_does_not_spoil_its_neighbours,
                images_asked_for_by_key_come_in_the_order_of_the_keys,
                documents_are_decoded_on_any_thread;
            recent:
                what_is_kept_is_what_the_database_says,
                the_text_of_a_report_is_stored_as_the_report;
            container:
                only_what_differs_is_a_change,
                that_it_was_seen_is_shown_after_an_hour_or_with_the_next_change,
                an_older_observation_does_not_win,
                a_batch_with_one_bad_container_stores_none,
                pages_cover_every_container_once_with_its_tags,
                containers_asked_for_by_key_come_in_the_order_of_the_keys;
            inside:
                a_container_holds_its_image_with_what_it_changed,
                the_image_may_come_later_or_change,
                what_a_report_does_not_tell_stays,
                inventories_of_containers_are_no_orphans,
                hostile_details_are_refused_at_their_place;
            change:
                concurrent_writers_get_ordered_clock_values_and_lose_nothing,
                following_the_log_from_any_clock_value_gives_the_final_state,
                changes_of_one_clock_value_are_never_parted,
                two_processes_share_one_clock_and_one_dictionary,
                everything_is_there_after_reopening,
                subscribers_hear_of_every_commit,
                every_change_tells_its_cause,
                a_database_has_an_identity_of_its_own;
            judgement:
                first_findings_date_from_the_package_and_do_not_tick,
                a_rejudgement_opens_ends_and_reopens_findings_at_one_clock_value,
                a_rejudgement_that_changes_nothing_does_not_tick;
            deletion:
                an_image_that_containers_need_is_kept,
                containers_that_are_gone_stay_and_change_when_their_image_is_deleted,
                a_deleted_container_is_told_with_its_tags_and_those_of_its_image,
                what_is_reported_again_is_a_new_record_without_old_tags,
                more_than_one_transaction_of_deletions_is_followed_without_loss,
                inventories_that_no_image_names_are_collected,
                what_containers_shared_is_collected_when_the_last_one_is_gone,
                a_database_that_was_written_by_the_store_holds_together;
            job:
                a_job_is_claimed_by_one_worker_in_the_order_of_making,
                a_job_whose_lease_ended_is_claimed_anew_and_lost_to_its_first_worker,
                a_deletion_goes_on_where_a_killed_worker_left_it,
                a_deletion_keeps_images_in_use_and_says_so,
                ended_jobs_are_forgotten_after_a_time,
                a_job_of_very_many_records_is_made_and_begun,
                days_are_kept_by_scope_and_replaced;
            registry:
                a_registry_is_made_changed_and_forgotten_and_its_secret_kept_apart,
                a_walk_is_one_sensors_until_its_claim_ends_and_then_anothers,
                schedules_are_queued_when_they_are_due_and_not_once_they_are_called_off,
                images_have_the_names_that_tags_give_them_and_lose_them_with_the_tags,
                images_say_which_registries_list_them_as_long_as_a_tag_does,
                very_many_tags_are_held_against_what_is_known_part_by_part;
            account:
                accounts_are_made_found_listed_and_removed,
                a_second_account_of_the_same_name_is_refused,
                names_and_passwords_are_checked,
                a_tag_makes_a_change_of_what_it_is_put_on_once,
                a_tag_is_taken_off_once_and_a_container_keeps_that_of_its_image,
                secrets_are_made_once_and_kept;
            sensor:
                a_token_lets_one_sensor_in_once,
                a_token_for_several_sensors_lets_no_more_in_even_at_once,
                tokens_expire_and_can_be_taken_back,
                a_revoked_key_never_comes_in_again,
                a_heartbeat_is_kept_and_answered_with_what_people_want,
                an_image_that_was_read_is_known_and_gets_new_names_once,
                what_a_sensor_says_is_bounded,
                profiles_are_given_to_sensors_and_taken_back,
                a_deletion_keeps_sensors_that_are_alive;
            verify:
                sensors_registries_and_drift_that_the_store_wrote_hold_together,
                damage_of_sensors_registries_and_drift_is_told_at_its_place;
        }
    };
}

suite_on!(on_sqlite, crate::sqlite::SqliteFile);
suite_on!(on_postgres, crate::postgres::PostgresDatabase);
suite_on!(on_citus, crate::postgres::CitusDatabase);
