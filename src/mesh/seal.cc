#include "mesh/seal.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace hansa {
namespace {

Statement begun(std::string_view purpose, const SealScope& scope) {
    Statement statement(purpose);
    statement.add(scope.cluster).add(scope.epoch).add(scope.uuid).add(scope.name);
    return statement;
}

std::uint64_t number(Milliseconds time) {
    return static_cast<std::uint64_t>(time.count());
}

}  // namespace

std::string statement_of(const SealScope& scope, const ResourceId& id,
                         const ExportVersion& version) {
    Statement statement = begun("hansa export", scope);
    statement.add(version.seal.incarnation).add(version.seal.seq).add(id.kind).add(id.name);
    const std::vector<std::string>& to = version.body.meta.export_to;
    statement.add(static_cast<std::uint64_t>(to.size()));
    for (const std::string& glob : to) statement.add(glob);
    return statement.add(sha256(text_of(version.body))).add(number(version.seal.until)).bytes();
}

std::string statement_of(const SealScope& scope, const ExportManifest& manifest) {
    Statement statement = begun("hansa manifest", scope);
    statement.add(manifest.incarnation).add(manifest.seq).add(manifest.generation);
    statement.add(manifest.exports).add(number(manifest.time)).add(number(manifest.until));
    return statement.add(manifest.digest).bytes();
}

void Signer::sign(const ResourceId& id, ExportVersion& version) const {
    version.seal.signature = key.sign(statement_of(scope, id, version));
}

void Signer::sign(ExportManifest& manifest) const {
    manifest.key = key_name(key.verifying_key());
    manifest.signature = key.sign(statement_of(scope, manifest));
}

bool Signer::made(const ResourceId& id, const ExportVersion& version) const {
    return !version.seal.signature.empty() &&
           key.verifying_key().verifies(statement_of(scope, id, version), version.seal.signature);
}

bool Signer::made(const ExportManifest& manifest) const {
    return !manifest.signature.empty() &&
           key.verifying_key().verifies(statement_of(scope, manifest), manifest.signature);
}

std::string key_name(const VerifyingKey& key) {
    return hex_encode(sha256(key.raw()).substr(0, 8));
}

Leaf leaf_of(std::string_view key, std::string_view value) {
    const std::string hash = sha256(Statement("hansa record").add(key).add(sha256(value)).bytes());
    check(hash.size() == sizeof(Leaf), "SHA-256 has 32 bytes");
    Leaf leaf;
    std::copy(hash.begin(), hash.end(), leaf.begin());
    return leaf;
}

std::string digest_of(std::vector<Leaf> leaves) {
    std::sort(leaves.begin(), leaves.end());
    std::string bytes;
    bytes.reserve(leaves.size() * sizeof(Leaf));
    for (const Leaf& leaf : leaves) bytes.append(leaf.begin(), leaf.end());
    return hex_encode(sha256(bytes));
}

Milliseconds since_1970(WallTime time) {
    return duration_cast<Milliseconds>(time.time_since_epoch());
}

}  // namespace hansa
