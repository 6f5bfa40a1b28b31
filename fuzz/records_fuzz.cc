// Any bytes may stand in the store under our prefix: the first line of an input is a key, the rest
// its value. What must hold: no crash and no report of a sanitizer; a refusal names key or reason;
// what is accepted is written, read again and the same; a collector goes on collecting what is in
// order, and a publisher replaces whatever stands below its own name by what it exports.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "data/json.h"
#include "mesh/fold.h"
#include "mesh/identity.h"
#include "mesh/seat_book.h"
#include "mesh/testing.h"

namespace {

using namespace hansa;

void decode(const std::string& key, const std::string& value) {
    if (auto record = decode_export(key, value)) {
        auto text = encode(*record);
        // A version may be too large to be written again, but then the encoder says so.
        if (text) {
            auto again = decode_export(key, *text);
            check(again && *again == *record, "a record survives its text");
        } else {
            check(value.size() > version_bytes_max / 4, "only a large record is refused");
        }
    } else {
        check(!record.error().text.empty(), "a refusal says why");
    }
    if (auto manifest = decode_manifest(key, value))
        check(*decode_manifest(key, encode(*manifest)) == *manifest, "a manifest survives");
    if (auto cluster = decode_cluster(value))
        check(*decode_cluster(encode(*cluster)) == *cluster, "a cluster record survives");
    if (auto name = decode_name(key, value))
        check(*decode_name(key, encode(*name)) == *name, "a name record survives");
    if (auto peer = decode_peer(key, value))
        check(*decode_peer(key, encode(*peer)) == *peer, "a peer record survives");
    if (auto book = decode_seat_book(value))
        check(*decode_seat_book(encode(*book)) == *book, "a seat book survives");
    if (auto tree = parse_json(value))
        if (auto offer = decode_seat_offer(*tree))
            check(*decode_seat_offer(encode(*offer)) == *offer, "a seat's offer survives");
}

void collect(const std::string& key, const std::string& value) {
    static const Catalog catalog = testing::two_kinds();
    testing::Credulous judge;
    ExportFold fold(catalog, testing::host("me"), judge, testing::anything());
    (void)fold.want({testing::collect("file"), testing::collect("noop", "/x/")}, {});
    const Record good = testing::record("z", testing::file("good", "1"), 2);
    const Record foreign{key, value, 3, 3, 0};
    (void)fold.replace({3, {good, foreign}}, {});
    check(fold.collected() >= 1 || key == good.key, "garbage harms nobody else");
    (void)fold.apply({4, {testing::put({key, value + " ", 3, 4, 0})}}, {});
    (void)fold.apply({5, {testing::removed(key, 5)}}, {});
    check(fold.collected() <= 1, "what is removed is not collected");
}

// Nothing is collected but what its exporter signed, whatever else stands there.
void judge(const std::string& key, const std::string& value) {
    static const Catalog catalog = testing::two_kinds();
    MemoryKeeper keeper;
    Exporters exporters(keeper);
    exporters.use(testing::terms(), {});
    (void)exporters.show("a", value, {});
    ExportFold fold(catalog, testing::host("me"), exporters, testing::anything());
    (void)fold.want({testing::collect("file"), testing::collect("noop", "/x/")}, {});
    (void)fold.replace({3, {{key, value, 3, 3, 0}}}, {});
    check(fold.collected() == 0, "nobody signed it");
    if (auto memory = decode_trust_memory(value))
        check(*decode_trust_memory(encode(*memory)) == *memory, "a memory survives");
}

void publish(const std::string& key, const std::string& value) {
    static const Exporter me = testing::exporter("a");
    const std::vector<Wanted> wanted = {testing::file("f1", "1"), testing::file("f2", "2")};
    Subtree subtree;
    if (key == keys::manifest_of(me.host)) {
        subtree.manifest = value;
        subtree.manifest_modified = 1;
    } else {
        subtree.records[key] = stored_record(key, value);
    }
    for (const std::size_t operations : {2, 128}) {
        auto plan = plan_publication({subtree, wanted, me, {operations, 8 << 20}});
        if (!plan) continue;
        Subtree after = subtree;
        for (const PublicationStep& step : plan->steps)
            after.apply(step.operations, after.manifest_modified + 1, me.host);
        check(after.records.size() == wanted.size(), "nothing else stays");
        auto again = plan_publication({after, wanted, me, {operations, 8 << 20}});
        check(again && again->steps.empty(), "then nothing is left to do");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(bytes), size);
    const std::size_t line = input.find('\n');
    const std::string key{input.substr(0, line)};
    const std::string value{line == std::string_view::npos ? "" : input.substr(line + 1)};
    decode(key, value);
    collect(key, value);
    judge(key, value);
    publish(key, value);
    return 0;
}
