"""What opens the doors that are not opened by a role: for an endpoint or a whole room, in words, and the test of it."""

LOGIN = "tests/hostile/test_hostile_transport.py::test_refused_transport"
OFFICE = "tests/views/test_programs_pages.py::test_an_administrator_by_a_platform_s_word_opens_nothing"
VERIFY = "tests/services/test_verification.py::test_a_holder_may_keep_the_name_from_the_page"
WALLET = "tests/views/test_wallet_pages.py"

GUARDS = {
    "lti": ("state and signature of a registered platform", LOGIN),
    "lti.again": ("a state of this browser", "tests/hostile/test_hostile_transport.py::test_expired_state"),
    "lti.jwks": ("public", "tests/functional/test_launching.py::test_the_tools_public_keys"),
    "register": (
        "an invitation, once",
        "tests/hostile/test_hostile_registration.py::test_reused_invitation",
    ),
    "notices": (
        "the platform's signature, once",
        "tests/hostile/test_hostile_notices.py::test_a_notice_that_is_not_believed",
    ),
    "privacy": (
        "the session that asked",
        "tests/functional/test_privacy.py::test_the_page_is_for_the_session_that_asked",
    ),
    "placement": (
        "who follows a track that has such a test",
        "tests/views/test_placement_pages.py::test_there_is_none_in_another_track_nor_for_whoever_does_not_follow",
    ),
    "quiz": (
        "the owner, and the permission signed into the page",
        "tests/functional/test_answers_kept.py::test_the_permission_of_another_attempt_opens_nothing",
    ),
    "deposits": (
        "the owner, and the permission signed into the page",
        "tests/test_authorisation.py::test_an_answer_needs_the_permission_of_its_page",
    ),
    "deposits.download": (
        "the owner of the file",
        "tests/functional/test_works_handed_in.py::test_somebody_else_s_file_does_not_exist",
    ),
    "awards.ask": ("whoever may ask for it", "tests/views/test_award_pages.py::test_nobody_asks_for_what_is_not_there"),
    "awards.ask_for": (
        "a trainer of that learner",
        "tests/views/test_award_pages.py::test_a_trainer_asks_for_their_learners_alone",
    ),
    "account.arrive": ("a one-use address", "tests/functional/test_signed_in.py::test_the_address_serves_once"),
    "oidc": (
        "a state of this browser, once",
        "tests/oidc/test_oidc_refusals.py::test_an_answer_is_of_the_browser_that_began",
    ),
    "passkeys.remove": (
        "the account whose passkey it is, with its password again",
        "tests/views/test_passkey_pages.py::test_making_and_removing_ask_for_the_password",
    ),
    "deliveries": (
        "an administrator of that platform",
        "tests/views/test_deliveries_page.py::test_an_administrator_of_a_platform_sees_that_one_alone",
    ),
    "lesson_files": (
        "who may read the lesson",
        "tests/views/test_lesson_files.py::test_an_image_is_read_by_who_may_read_the_lesson",
    ),
    "pick": (
        "the session that began the choice",
        "tests/hostile/test_hostile_deep_linking.py::test_the_choice_of_another_session_is_not_theirs",
    ),
    "verify": ("public, the name but where its holder keeps it back", VERIFY),
    "verification": (
        "public, the name but where its holder keeps it back",
        "tests/api/test_api_verification.py::test_a_name_kept_from_the_page_is_kept_from_the_api",
    ),
    "open_data": (
        "public where the institution opens it",
        "tests/views/test_open_data_pages.py::test_nothing_is_open_by_itself",
    ),
    "issuer": ("public", "tests/views/test_certificate_pages.py::test_a_logo_is_served_and_shown"),
    "certificates": ("the holder", "tests/views/test_my_certificates.py::test_nobody_elses"),
    "shared": (
        "a link that its holder opened",
        "tests/views/test_my_certificates.py::test_a_sharing_link_is_opened_and_closed",
    ),
    "office": ("by role and course", "tests/views/test_office_pages.py::test_nobody_else_acts"),
    "wallet": ("the holder", f"{WALLET}::test_nobody_else_may_offer_it"),
    "oid4vci": ("a code, a token and a proof", f"{WALLET}::test_a_token_opens_what_it_was_given_for_alone"),
    "oid4vci.status": ("public", f"{WALLET}::test_the_status_list_says_what_became_of_it"),
    "oid4vci.keys": ("public", f"{WALLET}::test_the_published_documents"),
    "literacy": (
        "HR, within its part of the organisation",
        "tests/views/test_literacy_pages.py::test_a_register_is_closed_out_of_its_part_of_the_organisation",
    ),
    "literacy_editions": (
        "HR, within its part of the organisation",
        "tests/views/test_literacy_pages.py::test_a_register_is_closed_out_of_its_part_of_the_organisation",
    ),
    "resources": (
        "a token, by scope and unit",
        "tests/api/test_api_resources.py::test_each_client_sees_its_unit_and_each_token_what_its_scope_says",
    ),
    "token": (
        "the id and the secret of a client",
        "tests/api/test_api_token.py::test_an_id_and_a_secret_give_a_short_token",
    ),
    "api_clients": ("an administrator of the institution", OFFICE),
    "webhooks": ("an administrator of the institution", OFFICE),
}
