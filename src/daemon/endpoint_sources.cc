#include "daemon/endpoint_sources.h"

#include <utility>

#include "daemon/secret_files.h"

namespace hansa {

std::vector<StoreMember> EndpointCache::read() const {
    auto text = read_secret(ports_.files, ports_.accounts, path_);
    if (!text && text.error().code == Code::missing) return {};
    auto members = text ? decode_endpoints(*text) : std::move(text).error();
    if (members) return std::move(*members);
    ports_.report.publish(happened::Warned{path_ + " is not used: " + members.error().text});
    return {};
}

void EndpointCache::keep(const std::vector<StoreMember>& members) {
    unwritten_ = encode_endpoints(members);
    if (!writing_) write();
}

void EndpointCache::write() {
    writing_ = true;
    // Shared by the worker and what follows it.
    const auto trouble = std::make_shared<std::string>();
    ports_.workers.run(
        [trouble, &files = ports_.files, path = path_,
         text = *std::exchange(unwritten_, std::nullopt)](Task&) {
            if (auto written = write_secret(files, path, text); !written)
                *trouble = written.error().text;
        },
        lifeline_.guard([this, trouble] {
            writing_ = false;
            if (!trouble->empty() && !std::exchange(told_, true))
                ports_.report.publish(happened::Warned{
                    "where the store is will not be known at the next start: " + *trouble});
            if (trouble->empty()) told_ = false;
            if (unwritten_) write();
        }));
}

void look_up_endpoints(Workers& workers, std::shared_ptr<const Names> names, std::uint64_t seed,
                       std::function<void(std::vector<std::string>)> found) {
    const auto urls = std::make_shared<std::vector<std::string>>();  // of the worker, then ours
    workers.run(
        [urls, names = std::move(names), seed](Task& task) {
            task.blocking();
            if (auto records = names->services(endpoint_service))
                *urls = endpoints_of(std::move(*records), seed);
        },
        [urls, found = std::move(found)] { found(std::move(*urls)); });
}

}  // namespace hansa
