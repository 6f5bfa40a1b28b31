#include "daemon/store_certificate.h"

#include <algorithm>

#include "base/host_port.h"
#include "daemon/authority_files.h"
#include "daemon/home.h"
#include "daemon/secret_files.h"

namespace hansa {

std::vector<std::string> certified_addresses(const std::vector<std::string>& urls,
                                             const std::string& host_name) {
    std::vector<std::string> addresses = {"127.0.0.1", "::1", "localhost", host_name};
    for (const std::string& url : urls) {
        auto at = HostPort::parse(url.substr(url.find("//") + 2));
        // An address to listen at everywhere is none to be called by.
        if (!at || is_any_address(at->host)) continue;
        if (std::find(addresses.begin(), addresses.end(), at->host) == addresses.end())
            addresses.push_back(at->host);
    }
    return addresses;
}

Result<EtcdTls> StoreCertifier::issue(const std::vector<std::string>& urls,
                                      StoreCertificate& made) const {
    const WallTime now = clock_.wall();
    const AuthorityFiles files({ports_.files, ports_.accounts}, places_.authority_directory);
    // Without certificates from elsewhere this host has its own from there, so it is there.
    auto authority = places_.elsewhere ? files.share(ports_.random, now) : files.keep(now);
    if (!authority) return std::move(authority).error();
    const PrivateKey key = PrivateKey::make();
    IssueOrder order = member_order(subject_.name, subject_.uuid, key);
    order.addresses = certified_addresses(urls, subject_.name);
    auto chain = authority->issue(order, now);
    if (!chain) return std::move(chain).error().during("certifying the machine's store");
    auto leaf = Certificate::from_pem(*chain);
    if (!leaf) return std::move(leaf).error();
    made.renew_at = renewal_time(*leaf);
    made.begins = leaf->not_before();

    const std::string& directory = places_.directory;
    if (auto there = make_directories(ports_.files, directory); !there)
        return std::move(there).error();
    // One file of both, so that no handshake ever finds a key beside another's certificate.
    const EtcdTls tls{directory + "/member.pem", directory + "/member.pem",
                      directory + "/members.pem", directory + "/revoked.crl"};
    auto list = files.revocations(*authority, now);
    if (!list) return std::move(list).error();
    auto crl = crl_of(*list, *authority, now);
    if (!crl) return std::move(crl).error().during("the list of revoked certificates");
    if (auto put = write_secret(ports_.files, tls.crl_file, *crl); !put)
        return std::move(put).error();
    if (auto put = write_secret(ports_.files, tls.roots_file, authority->root().pem()); !put)
        return std::move(put).error();
    if (auto put = write_secret(ports_.files, tls.certificate_file, key.pem() + *chain); !put)
        return std::move(put).error();
    return tls;
}

Result<StoreCertificate> StoreCertifier::certify(const std::vector<std::string>& urls) const {
    StoreCertificate made;
    auto issued = issue(urls, made);
    if (!issued) return std::move(issued).error();
    made.peer_tls = *issued;
    made.client_tls = *issued;
    made.server_name = store_server_name;
    if (!places_.elsewhere) return made;

    const TlsPaths& paths = *places_.elsewhere;
    made.client_tls = {paths.certificate, paths.key, paths.roots, ""};
    auto text = ports_.files.read(paths.certificate, pem_bytes_max);
    if (!text) return std::move(text).error().during("--tls-cert");
    auto leaf = Certificate::from_pem(*text);
    auto claims = leaf ? leaf->claims() : Result<Claims>(std::move(leaf).error());
    if (!claims) return std::move(claims).error().during("--tls-cert " + paths.certificate);
    if (!leaf->may_serve_store())
        return Error{Code::invalid, "--tls-cert " + paths.certificate +
                                        ": may not be used by a TLS server, which the machine's "
                                        "store is; give one that may, or --seeds"};
    made.server_name = claims->name;
    return made;
}

}  // namespace hansa
