// Tests only: an authority of one test, what it issues, and the files of it that an etcd reads.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/check.h"
#include "servers/etcd_config.h"
#include "trust/authority.h"
#include "trust/revocation.h"

namespace hansa::test {

struct IssuedTls {
    std::string key_pem;
    std::string chain_pem;
};

class TlsFiles {
 public:
    // Writes below `directory`, which exists.
    TlsFiles(std::string directory, WallTime now, const std::string& cluster = test_cluster)
        : directory_(std::move(directory)),
          now_(now),
          authority_(Authority::make(cluster, now - Seconds(7200)).issuing) {}

    static constexpr const char* test_cluster = "00000000-0000-4000-8000-000000000001";

    const Authority& authority() const { return authority_; }
    std::string roots_pem() const { return authority_.root().pem(); }

    // As `now` says it: an hour ago makes one that has expired when its life is shorter.
    IssuedTls issue(CertificateUse use, Duration life = Seconds(3600), Duration ago = {}) const {
        const PrivateKey key = PrivateKey::make();
        IssueOrder order;
        order.claims.name = "tester";
        order.claims.uuid = "00000000-0000-4000-8000-000000000002";
        order.public_pem = key.public_pem();
        order.use = use;
        if (use == CertificateUse::member) order.addresses = {"127.0.0.1", "localhost"};
        order.life = life;
        auto chain = authority_.issue(order, now_ - ago);
        check(static_cast<bool>(chain), "the test's order is granted");
        return {key.pem(), *chain};
    }

    // Files of these contents; each name once.
    EtcdTls write(const std::string& name, const IssuedTls& issued) const {
        const auto put = [&](const std::string& ending, const std::string& text) {
            const std::string path = directory_ + "/" + name + ending;
            // As one step, since etcd reads them for each handshake.
            std::ofstream(path + ".new") << text;
            std::filesystem::rename(path + ".new", path);
            return path;
        };
        return {put(".pem", issued.chain_pem), put(".key", issued.key_pem),
                put(".ca.pem", roots_pem()), ""};
    }

    // Whoever shows one of these is let in no more; etcd reads the file for each handshake.
    std::string take_back(const std::vector<IssuedTls>& all) const {
        RevocationList list{authority_.cluster(), 0, {}};
        for (const IssuedTls& one : all) {
            auto leaf = Certificate::from_pem(one.chain_pem);
            check(static_cast<bool>(leaf), "what was issued can be read");
            list = revoke_serial(std::move(list), leaf->serial());
        }
        auto crl = crl_of(list, authority_, now_);
        check(static_cast<bool>(crl), "the list can be told as a CRL");
        const std::string path = directory_ + "/revoked.crl";
        std::ofstream(path + ".new") << *crl;
        std::filesystem::rename(path + ".new", path);
        return path;
    }

    // Both sides of an etcd of this authority.
    void use_for(EtcdConfig& config, CertificateUse client_side = CertificateUse::member) const {
        config.client_tls = write(config.name + "-client", issue(client_side));
        config.peer_tls = write(config.name + "-peer", issue(CertificateUse::member));
        config.client_tls.crl_file = take_back({});
        config.member_name = member_common_name;
    }

 private:
    std::string directory_;
    WallTime now_;
    Authority authority_;
};

}  // namespace hansa::test
