#include "mesh/exporters.h"

#include <gtest/gtest.h>

#include "mesh/testing.h"

namespace hansa {
namespace {

using testing::credentials_of;
using testing::Person;

const WallTime start = SimClock{}.wall();

class Exporting : public ::testing::Test {
 protected:
    Exporting() { exporters.use(terms(), start); }

    static TrustTerms terms(Revoked revoked = {}) {
        TrustTerms made;
        made.cluster = testing::authority().cluster();
        made.roots = {testing::authority().root()};
        made.revoked = std::move(revoked);
        return made;
    }

    // As the host would show itself.
    bool show(const Credentials& who, WallTime now = start) {
        return exporters.show(who.name, make_key_set(who, testing::authority().cluster()), now);
    }

    static ExportManifest manifest(std::uint64_t incarnation, std::uint64_t seq,
                                   const std::string& digest = "d") {
        ExportManifest made;
        made.from = "a";
        made.incarnation = incarnation;
        made.seq = seq;
        made.time = since_1970(start);
        made.until = made.time + Seconds{600};
        made.digest = digest;
        return made;
    }
    static ExportManifest by(const Credentials& who, ExportManifest manifest) {
        Signer{{testing::authority().cluster(), who.uuid, "a"}, who.signing_key}.sign(manifest);
        return manifest;
    }

    // "" when it is accepted, "repair", or the cause of the refusal; the store holds digest "d".
    std::string judged(const ExportManifest& manifest, WallTime now = start) {
        const Verdict verdict = exporters.judge(
            "a", &manifest, [] { return std::string("d"); }, now);
        if (verdict.what == Verdict::What::keep) return "repair";
        why = verdict.why;
        late = verdict.may_be_late;
        EXPECT_EQ(verdict.what == Verdict::What::accept, verdict.cause.empty());
        return verdict.cause;
    }

    const Credentials& a = testing::credentials("a");
    MemoryKeeper keeper;
    Exporters exporters{keeper};
    std::string why;
    bool late = false;
};

TEST_F(Exporting, what_a_known_exporter_signed_is_accepted_and_remembered) {
    EXPECT_TRUE(show(a));
    EXPECT_EQ(judged(by(a, manifest(1, 4))), "") << why;
    const RememberedExporter& kept = keeper.kept().exporters.at("a");
    EXPECT_EQ(kept.uuid, a.uuid);
    EXPECT_EQ(kept.seq, 4U);
    EXPECT_EQ(kept.digest, "d");
}

TEST_F(Exporting, nothing_is_accepted_without_a_signature_or_a_key_set) {
    EXPECT_EQ(judged(by(a, manifest(1, 1))), "unsigned");
    EXPECT_TRUE(late);  // the key set may be on its way
    show(a);
    EXPECT_EQ(judged(manifest(1, 1)), "unsigned");
    EXPECT_FALSE(late);
    EXPECT_TRUE(keeper.kept().exporters.empty());
}

TEST_F(Exporting, a_manifest_that_was_there_and_is_gone_was_withheld) {
    show(a);
    const auto without = [this] {
        return exporters
            .judge(
                "a", nullptr, [] { return std::string("d"); }, start)
            .cause;
    };
    EXPECT_EQ(without(), "unsigned");
    EXPECT_EQ(judged(by(a, manifest(1, 1))), "");
    EXPECT_EQ(without(), "withheld");
}

TEST_F(Exporting, another_key_is_refused_even_under_its_name) {
    show(a);
    const Credentials& b = testing::credentials("b");
    EXPECT_EQ(judged(by(b, manifest(1, 1))), "bad_signature");
    EXPECT_TRUE(late);
    ExportManifest forged = by(b, manifest(1, 1));
    forged.key = by(a, manifest(1, 1)).key;
    EXPECT_EQ(judged(forged), "bad_signature");
    EXPECT_FALSE(late);
}

TEST_F(Exporting, every_number_of_a_manifest_is_signed) {
    show(a);
    const ExportManifest good = by(a, manifest(1, 1));
    for (auto spoil :
         {+[](ExportManifest& m) { ++m.seq; }, +[](ExportManifest& m) { ++m.incarnation; },
          +[](ExportManifest& m) { ++m.generation; }, +[](ExportManifest& m) { ++m.exports; },
          +[](ExportManifest& m) { m.time += Milliseconds{1}; },
          +[](ExportManifest& m) { m.until += Milliseconds{1}; },
          +[](ExportManifest& m) { m.digest = "e"; }}) {
        ExportManifest spoilt = good;
        spoil(spoilt);
        EXPECT_EQ(judged(spoilt), "bad_signature");
    }
    EXPECT_EQ(judged(good), "");
}

TEST_F(Exporting, a_signature_is_bound_to_cluster_host_and_name) {
    show(a);
    for (const SealScope& elsewhere :
         {SealScope{"other", a.uuid, "a"}, SealScope{testing::authority().cluster(), "other", "a"},
          SealScope{testing::authority().cluster(), a.uuid, "b"},
          SealScope{testing::authority().cluster(), a.uuid, "a", 1}}) {
        ExportManifest made = manifest(1, 1);
        Signer{elsewhere, a.signing_key}.sign(made);
        EXPECT_EQ(judged(made), "bad_signature");
    }
}

TEST_F(Exporting, nothing_older_than_what_was_seen_is_accepted) {
    show(a);
    EXPECT_EQ(judged(by(a, manifest(2, 9))), "");
    EXPECT_EQ(judged(by(a, manifest(2, 8))), "rollback");
    EXPECT_EQ(judged(by(a, manifest(1, 90))), "rollback");
    EXPECT_EQ(judged(by(a, manifest(2, 9))), "");
    EXPECT_EQ(judged(by(a, manifest(3, 1))), "");
    // Seen is seen, though something else stands there.
    EXPECT_EQ(judged(by(a, manifest(3, 5, "e"))), "digest");
    EXPECT_EQ(judged(by(a, manifest(3, 4))), "rollback");
}

TEST_F(Exporting, the_memory_outlives_the_process) {
    show(a);
    EXPECT_EQ(judged(by(a, manifest(2, 9))), "");
    Exporters later(keeper);
    later.use(terms(), start);
    later.show("a", make_key_set(a, testing::authority().cluster()), start);
    const ExportManifest older = by(a, manifest(2, 8));
    const Verdict verdict = later.judge(
        "a", &older, [] { return std::string("d"); }, start);
    EXPECT_EQ(verdict.cause, "rollback");
}

TEST_F(Exporting, an_old_manifest_is_good_only_for_what_was_accepted_before) {
    show(a);
    const WallTime later = start + Seconds{601};
    EXPECT_EQ(judged(by(a, manifest(1, 1)), later), "expired");
    EXPECT_NE(why.find("clocks differ"), std::string::npos);
    EXPECT_EQ(judged(by(a, manifest(1, 2)), start + Seconds{599}), "");
    EXPECT_EQ(judged(by(a, manifest(1, 2)), later),
              "");  // stale, but no older than what is in force
    EXPECT_EQ(judged(by(a, manifest(1, 3, "e")), later), "expired");
    ExportManifest lasting = manifest(1, 4);
    lasting.until = lasting.time + manifest_life_max + Milliseconds{1};
    EXPECT_EQ(judged(by(a, lasting)), "expired");
}

TEST_F(Exporting, while_it_repairs_nobody_vouches_and_nobody_is_blamed) {
    show(a);
    EXPECT_EQ(judged(by(a, manifest(1, 1, ""))), "repair");
}

TEST_F(Exporting, a_spoilt_key_set_does_not_take_the_place_of_a_good_one) {
    show(a);
    EXPECT_FALSE(exporters.show("a", "garbage", start));
    EXPECT_FALSE(exporters.show("a", "", start));
    EXPECT_FALSE(
        exporters.show("a", make_key_set(testing::credentials("b"), "test-cluster"), start));
    EXPECT_EQ(judged(by(a, manifest(1, 1))), "");
}

TEST_F(Exporting, a_key_set_of_another_authority_is_denied) {
    Credentials foreign = a;
    const Authority other = Authority::make("test-cluster", start).issuing;
    IssueOrder order;
    order.claims.name = "a";
    order.claims.uuid = a.uuid;
    order.public_pem = a.tls_key.public_pem();
    foreign.chain = *Certificate::chain_from_pem(*other.issue(order, start));
    EXPECT_FALSE(show(foreign));
    EXPECT_EQ(judged(by(foreign, manifest(1, 1))), "denied");
}

TEST_F(Exporting, a_name_does_not_go_back_to_a_certificate_that_was_issued_before) {
    show(a);
    EXPECT_EQ(judged(by(a, manifest(5, 5))), "");
    const std::string other = testing::uuid_of("other");
    const Credentials heir = credentials_of({.name = "a", .uuid = other, .since = Seconds{60}});
    const WallTime later = start + Seconds{60};
    EXPECT_TRUE(show(heir, later));
    EXPECT_EQ(judged(by(heir, manifest(1, 1)), later), "");  // its numbers begin anew
    EXPECT_FALSE(show(a, later));
    EXPECT_EQ(judged(by(a, manifest(9, 9)), later), "bad_signature");
}

// Certificates from elsewhere do not name a uuid, and outlive a host's directory.
TEST_F(Exporting, with_certificates_of_one_second_the_later_manifest_counts) {
    show(a);
    EXPECT_EQ(judged(by(a, manifest(5, 5))), "");
    const Credentials heir = credentials_of({.name = "a", .uuid = testing::uuid_of("other")});
    EXPECT_TRUE(show(heir));
    ExportManifest later = manifest(1, 1);
    EXPECT_EQ(judged(by(heir, later)), "rollback");
    later.time += Milliseconds{1};
    EXPECT_EQ(judged(by(heir, later)), "");
    EXPECT_TRUE(show(a));
    EXPECT_EQ(judged(by(a, manifest(5, 6))), "rollback");
}

TEST_F(Exporting, a_former_certificate_of_the_same_host_does_not_come_back) {
    const Credentials renewed =
        credentials_of({.name = "a", .secret = "new key", .since = Seconds{60}});
    const WallTime later = start + Seconds{60};
    EXPECT_TRUE(show(renewed, later));
    EXPECT_EQ(judged(by(renewed, manifest(1, 1)), later), "");
    EXPECT_FALSE(show(a, later));  // its old key may have been stolen
    EXPECT_EQ(judged(by(a, manifest(9, 9)), later), "bad_signature");
}

TEST_F(Exporting, who_is_revoked_is_cut_off) {
    show(a);
    EXPECT_EQ(judged(by(a, manifest(1, 1))), "");
    EXPECT_FALSE(exporters.is_cut_off("a"));
    exporters.use(terms({{}, {{"a", start + Seconds{1}}}}), start + Seconds{1});
    EXPECT_TRUE(exporters.is_cut_off("a"));
    EXPECT_EQ(judged(by(a, manifest(1, 2)), start + Seconds{1}), "denied");
    // A certificate issued since then is another matter.
    const WallTime later = start + Seconds{3600};
    EXPECT_TRUE(show(credentials_of({.name = "a", .since = Seconds{3600}}), later));
    EXPECT_FALSE(exporters.is_cut_off("a"));
    EXPECT_EQ(judged(by(a, manifest(2, 2)), later), "");
}

TEST_F(Exporting, a_certificate_may_lapse_for_a_while) {
    const Credentials brief = credentials_of({.name = "a", .life = Seconds{3600}});
    EXPECT_TRUE(show(brief));
    ExportManifest made = manifest(1, 1);
    made.time = since_1970(start) + Seconds{3600};
    made.until = made.time + Seconds{86'000};
    EXPECT_EQ(judged(by(brief, made), start + Seconds{3600 + 80'000}), "");
    EXPECT_EQ(judged(by(brief, made), start + Seconds{3600 + 86'500}), "expired");
    EXPECT_NE(why.find("certificate"), std::string::npos);
}

TEST_F(Exporting, a_record_is_verified_by_itself) {
    show(a);
    const ResourceId id{"file", "f1"};
    ExportVersion version{{testing::content("x"), {}}, {1, 1, since_1970(start) + Seconds{60}, {}}};
    const auto judged_as = [&](const ResourceId& as, WallTime now = start) {
        return exporters.judge("a", as, version, now).cause;
    };
    EXPECT_EQ(judged_as(id), "unsigned");
    testing::signer("b").sign(id, version);
    EXPECT_EQ(judged_as(id), "bad_signature");
    testing::signer("a").sign(id, version);
    EXPECT_EQ(judged_as(id), "");
    EXPECT_EQ(judged_as({"exec", "f1"}), "bad_signature");
    EXPECT_EQ(judged_as({"file", "f2"}), "bad_signature");
    EXPECT_EQ(judged_as(id, start + Seconds{61}), "expired");
    version.body.meta.export_to = {"b"};
    EXPECT_EQ(judged_as(id), "bad_signature");
    version.body.meta.export_to.clear();
    version.body.meta.retry = 1;
    EXPECT_EQ(judged_as(id), "bad_signature");
    version.body.meta.retry = 0;
    version.body.fields = testing::content("y");
    EXPECT_EQ(judged_as(id), "bad_signature");
}

TEST(TrustMemory, survives_its_text_and_refuses_others) {
    TrustMemory memory;
    memory.revocation_epoch = 7;
    memory.revocations = R"({"signed": "list"})";
    memory.exporters["a"] = {testing::uuid_of("a"),       3,     9,
                             Milliseconds{1475356033042}, "abc", Milliseconds{7}};
    memory.exporters["b"] = {testing::uuid_of("b"), 0, 0, Milliseconds{0}, ""};
    const std::string text = encode(memory);
    EXPECT_EQ(*decode_trust_memory(text), memory);
    EXPECT_EQ(*decode_trust_memory(encode(TrustMemory{})), TrustMemory{});
    for (const std::string& bad :
         {std::string{}, std::string{"{}"}, text.substr(0, text.size() - 3), text + "x",
          std::string(R"({"v":2,"revocation_epoch":0,"exporters":{}})"),
          std::string(R"({"v":1,"revocation_epoch":-1,"exporters":{}})"),
          std::string(R"({"v":1,"revocation_epoch":0,"exporters":[]})"),
          std::string(R"({"v":1,"revocation_epoch":0,"exporters":{"-":{}}})"),
          std::string(R"({"v":1,"revocation_epoch":0,"exporters":{"a":{"uuid":"u"}}})")})
        EXPECT_FALSE(decode_trust_memory(bad)) << bad;
    TrustMemory nobody;
    nobody.exporters["-"] = memory.exporters["a"];
    EXPECT_FALSE(decode_trust_memory(encode(nobody))) << "that is no host name";
}

}  // namespace
}  // namespace hansa
