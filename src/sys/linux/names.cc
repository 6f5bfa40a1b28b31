#include "sys/linux/names.h"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <array>

namespace hansa {

namespace {

constexpr int answer_bytes_max = 16 * 1024;
constexpr int seconds_per_try = 2;
constexpr int tries = 2;
constexpr int srv_head_bytes = 6;  // priority, weight, port

// State of one resolver: reads /etc/resolv.conf anew.
struct Resolver {
    Resolver() : ready(::res_ninit(&state) == 0) {
        state.retrans = seconds_per_try;
        state.retry = tries;
    }
    ~Resolver() {
        if (ready) ::res_nclose(&state);
    }
    Resolver(const Resolver&) = delete;

    struct __res_state state = {};
    const bool ready;
};

std::uint16_t number_at(const unsigned char* bytes) {
    return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]);
}

}  // namespace

Result<std::vector<ServiceRecord>> parse_services(std::string_view message) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
    ns_msg parsed;
    if (::ns_initparse(bytes, static_cast<int>(message.size()), &parsed) != 0)
        return Error{Code::invalid, "the name server's answer is no DNS message"};
    std::vector<ServiceRecord> records;
    const int count = ns_msg_count(parsed, ns_s_an);
    for (int at = 0; at < count; ++at) {
        ns_rr record;
        if (::ns_parserr(&parsed, ns_s_an, at, &record) != 0)
            return Error{Code::invalid, "the name server's answer is cut short"};
        if (ns_rr_type(record) != ns_t_srv || ns_rr_rdlen(record) <= srv_head_bytes) continue;
        const unsigned char* data = ns_rr_rdata(record);
        std::array<char, NS_MAXDNAME> target;
        if (::ns_name_uncompress(ns_msg_base(parsed), ns_msg_end(parsed), data + srv_head_bytes,
                                 target.data(), target.size()) < 0)
            continue;
        records.push_back(
            {number_at(data), number_at(data + 2), number_at(data + 4), target.data()});
    }
    return records;
}

Result<std::vector<ServiceRecord>> LinuxNames::services(const std::string& name) const {
    Resolver resolver;
    if (!resolver.ready) return Error{Code::unavailable, name + ": no resolver is configured"};
    std::string answer(answer_bytes_max, '\0');
    const int length =
        ::res_nsearch(&resolver.state, name.c_str(), ns_c_in, ns_t_srv,
                      reinterpret_cast<unsigned char*>(answer.data()), answer_bytes_max);
    if (length < 0) {
        const int why = resolver.state.res_h_errno;
        if (why == HOST_NOT_FOUND || why == NO_DATA)
            return Error{Code::missing, name + ": the DNS has no such service"};
        return Error{Code::unavailable, name + ": " + ::hstrerror(why)};
    }
    answer.resize(static_cast<std::size_t>(std::min(length, answer_bytes_max)));
    auto records = parse_services(answer);
    if (!records) return std::move(records).error().during(name);
    return records;
}

}  // namespace hansa
