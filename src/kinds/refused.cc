#include "kinds/refused.h"

#include <string>

#include "resource/schema.h"

namespace hansa::kinds {
namespace {

struct Row {
    const char* name;
    const char* hint;
};

constexpr const char* use_exec = "run the tool with exec, guarded by ifcmd or creates";
constexpr const char* use_file = "write the result with file, or run the tool with exec";
constexpr const char* use_server = "install a server with pkg, configure it with file and svc";
constexpr const char* use_cloud = "create it with its own tool in an exec, guarded by ifcmd";

constexpr Row rows[] = {
    {"augeas", "write the file whole with file, or single lines with line"},
    {"aws:ec2", use_cloud},
    {"bmc:firmware", use_exec},
    {"bmc:power", use_exec},
    {"consul:kv", "keep shared values in our own store with kv"},
    {"deploy:tar", "unpack with exec, guarded by creates"},
    {"dhcp:host", use_server},
    {"dhcp:range", use_server},
    {"dhcp:server", use_server},
    {"docker:container", use_exec},
    {"docker:image", use_exec},
    {"exit", "hansa run --converged-timeout ends the agent when all is done"},
    {"firewalld", use_exec},
    {"fwattr", use_exec},
    {"fwupd:device", use_exec},
    {"fwupd:remote", use_exec},
    {"fwupd:system", use_exec},
    {"gsettings", use_exec},
    {"gzip", "pack with exec, guarded by creates"},
    {"hetzner:vm", use_cloud},
    {"http:client", "fetch with exec, guarded by creates"},
    {"http:file", use_server},
    {"http:server", use_server},
    {"http:server:file", use_server},
    {"http:server:flag", use_server},
    {"http:server:proxy", use_server},
    {"http:server:ui", use_server},
    {"http:server:ui:input", use_server},
    {"json:edit", use_file},
    {"net", "write the network configuration with file and restart it with svc"},
    {"nspawn", "manage the machine's systemd-nspawn@NAME unit with svc"},
    {"panic", "a test resource with outcome: fail fails on purpose"},
    {"password", "make the secret with exec, guarded by creates"},
    {"remote", "run an agent on the other machine and let the two share a store"},
    {"schedule", "export from the hosts that stand for election and collect what is chosen"},
    {"ssh:authorized_key", "write the key with line or file"},
    {"tar", "unpack with exec, guarded by creates"},
    {"tftp:file", use_server},
    {"tftp:server", use_server},
    {"tftp:server:file", use_server},
    {"value", "write the value where it is needed; kv shares it between peers"},
    {"virt", "define the machine with exec (virsh define), guarded by ifcmd"},
    {"virt:builder", use_exec},
    {"virt:network", use_exec},
    {"virt:network:host", use_exec},
    {"virt:network:range", use_exec},
};

class Refused final : public Kind {
 public:
    explicit Refused(const Row& row) : name_(row.name), help_("not planned"), hint_(row.hint) {}

    const std::string& name() const override { return name_; }
    const std::string& help() const override { return help_; }
    std::span<const FieldInfo> fields() const override { return {}; }
    Support support() const override { return Support::refused; }
    std::string hint() const override { return hint_; }

    Result<ResourcePtr> make(const Declaration& declaration,
                             std::vector<std::string>&) const override {
        return Error{Code::invalid,
                     about(declaration, "kind " + name_ + " is not supported; " + hint_)};
    }

 private:
    const std::string name_;
    const std::string help_;
    const std::string hint_;
};

}  // namespace

std::vector<std::unique_ptr<const Kind>> refused() {
    std::vector<std::unique_ptr<const Kind>> kinds;
    for (const Row& row : rows) kinds.push_back(std::make_unique<const Refused>(row));
    return kinds;
}

}  // namespace hansa::kinds
