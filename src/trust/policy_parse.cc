#include <algorithm>
#include <functional>

#include "base/text.h"
#include "data/yaml.h"
#include "trust/path_glob.h"
#include "trust/policy_rule.h"

namespace hansa {
namespace {

constexpr std::size_t text_bytes_max = std::size_t{1} << 20;
constexpr std::size_t rules_max = 1000;
constexpr std::size_t globs_max = 1000;  // of one list
constexpr std::size_t errors_shown_max = 50;

// Reads values of one file and collects what is wrong with them.
class Reader {
 public:
    explicit Reader(const std::string& file) : file_(file) {}

    std::string place(Mark mark) const {
        return file_ + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column) + ": ";
    }

    void wrong(Mark mark, const std::string& what) { wrongs_.push_back(place(mark) + what); }
    void wrong(const Value::Entry& entry, const std::string& what) {
        wrong(entry.value.mark().line == 0 ? entry.mark : entry.value.mark(),
              entry.key + " " + what);
    }

    void unknown(const Value::Entry& entry, std::span<const std::string> known) {
        const auto near = nearest(entry.key, known);
        wrong(entry.mark,
              "no key \"" + printable(entry.key, 40) + "\" here; " +
                  (near ? "did you mean \"" + *near + "\"?" : "there are " + join(known, ", ")));
    }

    bool truth(const Value::Entry& entry) {
        if (const auto truth = entry.value.as_bool()) return *truth;
        const std::string text = entry.value.is_scalar() ? entry.value.scalar().text : "";
        if (text == "yes" || text == "no") return text == "yes";
        wrong(entry, "is " + shown(entry.value) + "; write true or false");
        return false;
    }

    std::uint64_t number(const Value::Entry& entry, std::int64_t low, std::int64_t high) {
        const auto number = entry.value.as_int();
        if (number && *number >= low && *number <= high) return static_cast<std::uint64_t>(*number);
        wrong(entry, "is " + shown(entry.value) + "; write a number from " + std::to_string(low) +
                         " to " + std::to_string(high));
        return static_cast<std::uint64_t>(low);
    }

    // Permission bits, in octal however they are written.
    std::uint32_t mode(const Value::Entry& entry) {
        std::string_view text;
        if (entry.value.is_scalar()) text = entry.value.scalar().text;
        if (text.starts_with("0o")) text.remove_prefix(2);
        std::uint32_t bits = 0;
        bool good = !text.empty() && text.size() <= 5;
        for (const char digit : text) {
            good = good && digit >= '0' && digit <= '7';
            bits = bits * 8 + static_cast<std::uint32_t>(digit - '0');
        }
        if (good && bits <= 07777) return bits;
        wrong(entry, "is " + shown(entry.value) + "; write it as \"0644\"");
        return 0;
    }

    // One text or a list of texts, none of them empty.
    std::vector<std::string> texts(const Value::Entry& entry) {
        std::vector<std::string> texts;
        if (entry.value.is_list()) {
            if (entry.value.list().empty()) wrong(entry, "is an empty list; write what it means");
            if (entry.value.list().size() > globs_max)
                wrong(entry, "has more than " + std::to_string(globs_max) + " entries");
            else
                for (const Value& value : entry.value.list()) add(entry, value, texts);
        } else {
            add(entry, entry.value, texts);
        }
        return texts;
    }

    std::map<std::string, std::string> labels(const Value::Entry& entry) {
        std::map<std::string, std::string> labels;
        if (!entry.value.is_map() || entry.value.map().empty()) {
            wrong(entry, "is " + shown(entry.value) + "; write a map of labels to globs");
            return labels;
        }
        for (const Value::Entry& label : entry.value.map()) {
            std::vector<std::string> glob;
            add(label, label.value, glob);
            if (!glob.empty()) labels[label.key] = std::move(glob.front());
        }
        return labels;
    }

    bool clean() const { return wrongs_.empty(); }

    Error error() && {
        const std::size_t hidden = wrongs_.size() - std::min(wrongs_.size(), errors_shown_max);
        wrongs_.resize(wrongs_.size() - hidden);
        std::string text = join(wrongs_, "\n");
        if (hidden > 0) text += "\nand " + counted(hidden, "more error");
        return {Code::invalid, std::move(text)};
    }

 private:
    static std::string shown(const Value& value) {
        if (!value.is_scalar() || value.is_null()) return std::string(value.shape());
        return "\"" + printable(value.scalar().text, 60) + "\"";
    }

    void add(const Value::Entry& entry, const Value& value, std::vector<std::string>& texts) {
        const bool bad = !value.is_scalar() || value.is_null() || value.scalar().text.empty();
        if (bad) return wrong(entry, "holds " + shown(value) + "; write text, which may be a glob");
        const std::string& text = value.scalar().text;
        if (printable(text, text.size() + 1) != text)
            return wrong(entry, "holds control bytes; write text on one line");
        texts.push_back(text);
    }

    const std::string& file_;
    std::vector<std::string> wrongs_;
};

using Rule = Policy::Rule;

struct Key {
    const char* name;
    enum class Use { condition, bound } use;
    std::function<void(Reader&, const Value::Entry&, Rule&)> read;
};

void read_paths(Reader& reader, const Value::Entry& entry, Rule& rule) {
    rule.paths = reader.texts(entry);
    for (const std::string& path : rule.paths)
        if (const std::string fault = path_glob_fault(path); !fault.empty())
            reader.wrong(entry, "\"" + printable(path, 60) + "\" " + fault);
}

const std::vector<Key>& keys() {
    using R = Reader;
    using E = Value::Entry;
    constexpr auto condition = Key::Use::condition;
    constexpr auto bound = Key::Use::bound;
    static const std::vector<Key> keys = {
        {"from", condition, [](R& r, const E& e, Rule& rule) { rule.from = r.texts(e); }},
        {"domain", condition, [](R& r, const E& e, Rule& rule) { rule.domains = r.texts(e); }},
        {"labels", condition, [](R& r, const E& e, Rule& rule) { rule.labels = r.labels(e); }},
        {"name", condition, [](R& r, const E& e, Rule& rule) { rule.names = r.texts(e); }},
        {"path", condition, read_paths},
        {"pattern", condition, [](R& r, const E& e, Rule& rule) { rule.patterns = r.texts(e); }},
        {"max_bytes", bound,
         [](R& r, const E& e, Rule& rule) { rule.max_bytes = r.number(e, 0, policy_bytes_max); }},
        {"max_number", bound,
         [](R& r, const E& e, Rule& rule) { rule.max_number = r.number(e, 1, 1'000'000); }},
        {"mode", bound, [](R& r, const E& e, Rule& rule) { rule.mode = r.mode(e); }},
        {"owner", bound, [](R& r, const E& e, Rule& rule) { rule.owners = r.texts(e); }},
        {"group", bound, [](R& r, const E& e, Rule& rule) { rule.groups = r.texts(e); }},
        {"symlinks", bound, [](R& r, const E& e, Rule& rule) { rule.symlinks = r.truth(e); }},
        {"removes", bound, [](R& r, const E& e, Rule& rule) { rule.removes = r.truth(e); }},
        {"forbidden_zones", bound,
         [](R& r, const E& e, Rule& rule) { rule.forbidden_zones = r.truth(e); }},
    };
    return keys;
}

std::optional<PolicyVerdict> verdict_of(const std::string& key) {
    if (key == "allow") return PolicyVerdict::allow;
    if (key == "quarantine") return PolicyVerdict::quarantine;
    if (key == "deny") return PolicyVerdict::deny;
    return std::nullopt;
}

class RuleReader {
 public:
    RuleReader(Reader& reader, const std::string& file, std::span<const std::string> kinds)
        : reader_(reader), file_(file), kinds_(kinds) {}

    Rule read(const Value& value) {
        Rule rule;
        rule.place = file_ + ":" + std::to_string(value.mark().line);
        if (!value.is_map()) {
            reader_.wrong(value.mark(), "a rule is " + std::string(value.shape()) +
                                            "; write a map that begins with allow, quarantine or "
                                            "deny");
            return rule;
        }
        std::size_t verdicts = 0;
        for (const Value::Entry& entry : value.map()) {
            const auto verdict = verdict_of(entry.key);
            if (!verdict) continue;
            ++verdicts;
            rule.verdict = *verdict;
            rule.kinds = reader_.texts(entry);
            check_kinds(entry, rule.kinds);
        }
        if (verdicts != 1)
            reader_.wrong(value.mark(),
                          "a rule has one of allow, quarantine and deny, with the "
                          "kinds that it speaks of");
        for (const Value::Entry& entry : value.map()) read_key(entry, rule);
        check_whole(value, verdicts, rule);
        return rule;
    }

 private:
    void check_kinds(const Value::Entry& entry, const std::vector<std::string>& kinds) {
        if (kinds_.empty()) return;
        for (const std::string& glob : kinds) {
            const bool known =
                std::any_of(kinds_.begin(), kinds_.end(),
                            [&](const std::string& kind) { return glob_matches(glob, kind); });
            if (known) continue;
            const auto near = nearest(glob, kinds_);
            reader_.wrong(entry, "speaks of \"" + printable(glob, 40) + "\", which is no kind" +
                                     (near ? "; did you mean \"" + *near + "\"?" : " here"));
        }
    }

    void read_key(const Value::Entry& entry, Rule& rule) {
        if (verdict_of(entry.key)) return;
        const auto key = std::find_if(keys().begin(), keys().end(),
                                      [&](const Key& known) { return entry.key == known.name; });
        if (key == keys().end()) {
            std::vector<std::string> names = {"allow", "quarantine", "deny"};
            for (const Key& known : keys()) names.emplace_back(known.name);
            return reader_.unknown(entry, names);
        }
        if (rule.verdict == PolicyVerdict::deny && key->use == Key::Use::bound)
            return reader_.wrong(entry, "is a bound, which a denial has not; leave it out");
        key->read(reader_, entry, rule);
    }

    // Whoever lets somebody in says whom: a rule for everybody is written as one.
    void check_whole(const Value& value, std::size_t verdicts, const Rule& rule) {
        if (verdicts != 1 || rule.verdict == PolicyVerdict::deny) return;
        const bool names_somebody =
            value.find("from") || value.find("domain") || value.find("labels");
        if (!names_somebody)
            reader_.wrong(value.mark(),
                          "the rule names no exporter; write from, domain or labels "
                          "(from: \"*\" is everybody)");
    }

    Reader& reader_;
    const std::string& file_;
    std::span<const std::string> kinds_;
};

}  // namespace

Result<Policy> Policy::parse(std::string_view text, const std::string& file,
                             std::span<const std::string> kinds) {
    const YamlLimits limits{.bytes_max = text_bytes_max,
                            .depth_max = 8,
                            .nodes_max = 1'000'000,
                            .alias_nodes_max = 10'000};
    auto root = parse_yaml(text, file, limits);
    if (!root) return std::move(root).error();
    Policy policy;
    if (root->is_null()) return policy;
    if (!root->is_map())
        return Error{Code::invalid,
                     file + ":1:1: a policy is a map; write rules: and a list below"};
    Reader reader(file);
    RuleReader rules(reader, file, kinds);
    std::vector<std::shared_ptr<const Rule>> read;
    for (const Value::Entry& entry : root->map()) {
        if (entry.key == "quarantine") {
            policy.quarantine_ = reader.truth(entry);
        } else if (entry.key != "rules") {
            reader.unknown(entry, std::vector<std::string>{"quarantine", "rules"});
        } else if (entry.value.is_list() && entry.value.list().size() <= rules_max) {
            for (const Value& value : entry.value.list())
                read.push_back(std::make_shared<const Rule>(rules.read(value)));
        } else if (entry.value.is_list()) {
            reader.wrong(entry, "has more than " + std::to_string(rules_max) + " entries");
        } else if (!entry.value.is_null()) {
            reader.wrong(entry, "is no list; write each rule behind a dash");
        }
    }
    if (!reader.clean()) return std::move(reader).error();
    policy.rules_.insert(policy.rules_.begin(), read.begin(), read.end());
    return policy;
}

}  // namespace hansa
