#include "mesh/seat_book.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/text.h"
#include "data/json.h"
#include "data/members.h"
#include "data/texts.h"

namespace hansa {
namespace {

constexpr std::int64_t format_version = 1;
constexpr std::size_t book_bytes_max = 64 << 10;
constexpr std::size_t entries_max = 200;  // of any list
constexpr std::size_t word_max = 1024;    // of any text
constexpr std::int64_t number_max = (std::int64_t{1} << 53) - 1;
constexpr std::int64_t weight_max = 1'000'000;
constexpr std::int64_t strikes_max = 1000;

template <class T, std::size_t N>
using Names = std::array<std::pair<T, std::string_view>, N>;

constexpr Names<SeatCall, 4> call_names = {{{SeatCall::add_learner, "add_learner"},
                                            {SeatCall::promote, "promote"},
                                            {SeatCall::undo, "undo"},
                                            {SeatCall::remove, "remove"}}};
constexpr Names<SeatPurpose, 5> purpose_names = {{{SeatPurpose::grow, "grow"},
                                                  {SeatPurpose::replace, "replace"},
                                                  {SeatPurpose::swap, "swap"},
                                                  {SeatPurpose::shrink, "shrink"},
                                                  {SeatPurpose::tidy, "tidy"}}};
constexpr Names<SeatChange::What, 4> change_names = {{{SeatChange::What::seated, "seated"},
                                                      {SeatChange::What::replaced, "replaced"},
                                                      {SeatChange::What::unseated, "unseated"},
                                                      {SeatChange::What::undone, "undone"}}};
constexpr Names<SeatWish, 3> wish_names = {
    {{SeatWish::yes, "yes"}, {SeatWish::no, "no"}, {SeatWish::prefer, "prefer"}}};

template <class T, std::size_t N>
std::string_view name_in(const Names<T, N>& names, T value) {
    for (const auto& [known, name] : names)
        if (known == value) return name;
    return {};
}

template <class T, std::size_t N>
T take_name(Members& members, std::string_view member, const Names<T, N>& names) {
    const std::string text = members.text(member);
    for (const auto& [value, name] : names)
        if (name == text) return value;
    members.refuse("has an unknown \"" + std::string{member} + "\": " + printable(text, 40));
    return names[0].first;
}

void put(Value::Map& map, std::string name, Value value) {
    map.push_back({std::move(name), {}, std::move(value)});
}

void put_number(Value::Map& map, std::string name, std::uint64_t number) {
    put(map, std::move(name), Value::of_int(static_cast<std::int64_t>(number)));
}

void put_texts(Value::Map& map, std::string name, const std::vector<std::string>& texts) {
    if (!texts.empty()) put(map, std::move(name), list_of_texts(texts));
}

std::string bounded(Members& members, std::string_view name, std::string text) {
    if (text.size() > word_max)
        members.refuse("has \"" + std::string{name} + "\" of " + std::to_string(text.size()) +
                       " bytes; the limit is " + std::to_string(word_max));
    return text;
}

std::vector<std::string> take_texts(Members& members, std::string_view name) {
    std::vector<std::string> texts = members.texts(name);
    if (texts.size() > entries_max) members.refuse("has too many \"" + std::string{name} + "\"");
    for (std::string& text : texts) text = bounded(members, name, std::move(text));
    return texts;
}

std::uint64_t take_number(Members& members, std::string_view name) {
    return static_cast<std::uint64_t>(members.number(name, {0, number_max}));
}

Milliseconds take_time(Members& members, std::string_view name) {
    return Milliseconds{members.number(name, {0, number_max})};
}

MemberId take_member(Members& members, std::string_view name) {
    const std::string text = members.text_if_any(name);
    if (text.empty()) return 0;
    const auto id = member_of_text(text);
    if (!id)
        members.refuse("has \"" + std::string{name} + "\" as " + printable(text, 40) +
                       "; it must be hexadecimal, as etcdctl prints it");
    return id.value_or(0);
}

// Each element of a list of objects, as `decode` reads it.
template <class T, class Decode>
std::vector<T> take_list(Members& members, std::string_view name, Decode decode) {
    std::vector<T> found;
    const Value* value = members.any(name);
    if (!value) return found;
    if (!value->is_list() || value->list().size() > entries_max) {
        members.refuse("has \"" + std::string{name} + "\" that is no list of at most " +
                       std::to_string(entries_max));
        return found;
    }
    for (const Value& item : value->list()) {
        Members inner(item, std::string{name});
        found.push_back(decode(inner));
        if (auto finished = inner.finish(); !finished) members.refuse(": " + finished.error().text);
    }
    return found;
}

Value encode_order(const SeatOrder& order) {
    Value::Map map;
    put(map, "call", Value::of_text(std::string{name_of(order.call)}));
    if (!order.uuid.empty()) put(map, "uuid", Value::of_text(order.uuid));
    if (order.member != 0) put(map, "member", Value::of_text(text_of_member(order.member)));
    put(map, "digest", Value::of_text(order.digest));
    return Value::of_map(std::move(map));
}

SeatOrder take_order(Members& members) {
    SeatOrder order;
    order.call = take_name(members, "call", call_names);
    order.uuid = bounded(members, "uuid", members.text_if_any("uuid"));
    order.member = take_member(members, "member");
    order.digest = bounded(members, "digest", members.text("digest"));
    if (order.call == SeatCall::add_learner ? order.uuid.empty() : order.member == 0)
        members.refuse("does not say whom");
    return order;
}

Value encode_intent(const SeatIntent& intent) {
    Value::Map map;
    put_number(map, "seq", intent.seq);
    put(map, "purpose", Value::of_text(std::string{name_of(intent.purpose)}));
    put(map, "why", Value::of_text(intent.why));
    put_texts(map, "adds", intent.adds);
    put_texts(map, "removes", intent.removes);
    put_number(map, "allowed", static_cast<std::uint64_t>(intent.allowed.count()));
    put_number(map, "at", static_cast<std::uint64_t>(intent.at.count()));
    if (intent.order) put(map, "order", encode_order(*intent.order));
    return Value::of_map(std::move(map));
}

SeatIntent take_intent(Members& members) {
    SeatIntent intent;
    intent.seq = take_number(members, "seq");
    intent.purpose = take_name(members, "purpose", purpose_names);
    intent.why = bounded(members, "why", members.text("why"));
    intent.adds = take_texts(members, "adds");
    intent.removes = take_texts(members, "removes");
    intent.allowed = take_time(members, "allowed");
    intent.at = Milliseconds{members.number_or("at", {0, number_max}, 0)};
    if (const Value* value = members.any("order")) {
        Members inner(*value, "order");
        intent.order = take_order(inner);
        if (auto finished = inner.finish(); !finished) members.refuse(": " + finished.error().text);
    }
    return intent;
}

Value encode_changes(const std::vector<SeatChange>& changes) {
    Value::List list;
    for (const SeatChange& change : changes) {
        Value::Map map;
        put_number(map, "seq", change.seq);
        put(map, "what", Value::of_text(std::string{name_in(change_names, change.what)}));
        if (!change.uuid.empty()) put(map, "uuid", Value::of_text(change.uuid));
        put_number(map, "at", static_cast<std::uint64_t>(change.at.count()));
        list.push_back(Value::of_map(std::move(map)));
    }
    return Value::of_list(std::move(list));
}

SeatChange take_change(Members& members) {
    SeatChange change;
    change.seq = take_number(members, "seq");
    change.what = take_name(members, "what", change_names);
    change.uuid = bounded(members, "uuid", members.text_if_any("uuid"));
    change.at = take_time(members, "at");
    return change;
}

Value encode_penalties(const std::vector<SeatPenalty>& penalties) {
    Value::List list;
    for (const SeatPenalty& penalty : penalties) {
        Value::Map map;
        put(map, "uuid", Value::of_text(penalty.uuid));
        put_number(map, "strikes", penalty.strikes);
        put_number(map, "at", static_cast<std::uint64_t>(penalty.at.count()));
        list.push_back(Value::of_map(std::move(map)));
    }
    return Value::of_list(std::move(list));
}

SeatPenalty take_penalty(Members& members) {
    SeatPenalty penalty;
    penalty.uuid = bounded(members, "uuid", members.text("uuid"));
    penalty.strikes = static_cast<std::uint32_t>(members.number("strikes", {1, strikes_max}));
    penalty.at = take_time(members, "at");
    return penalty;
}

}  // namespace

std::string text_of_member(MemberId id) {
    char text[16];
    const auto end = std::to_chars(text, text + sizeof text, id, 16).ptr;
    return {text, end};
}

std::optional<MemberId> member_of_text(std::string_view text) {
    MemberId id = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
    if (failure != std::errc{} || end != text.data() + text.size() || text_of_member(id) != text)
        return std::nullopt;
    return id;
}

std::string encode(const SeatBook& book) {
    Value::Map map;
    put(map, "v", Value::of_int(format_version));
    put_number(map, "seq", book.seq);
    if (book.intent) put(map, "intent", encode_intent(*book.intent));
    if (!book.changes.empty()) put(map, "changes", encode_changes(book.changes));
    if (!book.penalties.empty()) put(map, "penalties", encode_penalties(book.penalties));
    return to_json(Value::of_map(std::move(map)));
}

Value encode(const SeatOffer& offer) {
    Value::Map map;
    if (!offer.domain.empty()) put(map, "domain", Value::of_text(offer.domain));
    put(map, "wish", Value::of_text(std::string{name_of(offer.wish)}));
    put(map, "weight", Value::of_int(offer.weight));
    put_texts(map, "peer_urls", offer.peer_urls);
    put_number(map, "disk_free", offer.disk_free);
    if (offer.disk_low) put(map, "disk_low", Value::of_bool(true));
    if (offer.fsync_p99) put(map, "fsync_p99", Value::of_int(offer.fsync_p99->count()));
    if (offer.clock_offset) put(map, "clock_offset", Value::of_int(offer.clock_offset->count()));
    return Value::of_map(std::move(map));
}

Result<SeatBook> decode_seat_book(std::string_view text) {
    auto value = parse_json(text, {book_bytes_max, 8});
    if (!value) return std::move(value).error();
    Members members(*value, "seat book");
    SeatBook book;
    (void)members.number("v", {format_version, format_version});
    book.seq = take_number(members, "seq");
    if (const Value* intent = members.any("intent")) {
        Members inner(*intent, "intent");
        book.intent = take_intent(inner);
        if (auto finished = inner.finish(); !finished) members.refuse(": " + finished.error().text);
    }
    book.changes = take_list<SeatChange>(members, "changes", take_change);
    book.penalties = take_list<SeatPenalty>(members, "penalties", take_penalty);
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    return book;
}

Result<SeatOffer> decode_seat_offer(const Value& value) {
    Members members(value, "seat");
    SeatOffer offer;
    offer.domain = bounded(members, "domain", members.text_if_any("domain"));
    offer.wish = take_name(members, "wish", wish_names);
    offer.weight = members.number("weight", {-weight_max, weight_max});
    offer.peer_urls = take_texts(members, "peer_urls");
    offer.disk_free = take_number(members, "disk_free");
    offer.disk_low = members.flag("disk_low", false);
    // No disk writes in no time: 0 is what was told before anybody measured.
    if (const auto time = members.number_or("fsync_p99", {0, number_max}, 0); time > 0)
        offer.fsync_p99 = Milliseconds{time};
    if (members.any("clock_offset"))
        offer.clock_offset =
            Milliseconds{members.number("clock_offset", {-number_max, number_max})};
    if (auto finished = members.finish(); !finished) return std::move(finished).error();
    return offer;
}

std::string_view name_of(SeatCall call) {
    return name_in(call_names, call);
}

std::string_view name_of(SeatPurpose purpose) {
    return name_in(purpose_names, purpose);
}

std::string_view name_of(SeatWish wish) {
    return name_in(wish_names, wish);
}

Result<SeatWish> wish_named(std::string_view name) {
    for (const auto& [wish, known] : wish_names)
        if (known == name) return wish;
    return Error{Code::invalid, "seat \"" + printable(name, 40) +
                                    "\" is unknown; it must be \"yes\", \"no\" or \"prefer\""};
}

}  // namespace hansa
