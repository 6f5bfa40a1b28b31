// The places that no rule reaches by accident: whoever writes there can become somebody else, or
// have something run.
#include "trust/path_glob.h"
#include "trust/policy.h"

namespace hansa {
namespace {

struct Zone {
    const char* glob;
    const char* what;
};

constexpr Zone zones[] = {
    {"/etc/sudo*", "sudoers"},
    {"/etc/doas*", "sudoers"},
    {"/etc/polkit-1", "rights of users"},
    {"/usr/share/polkit-1", "rights of users"},

    {"/etc/cron*", "cron"},
    {"/etc/anacrontab", "cron"},
    {"/etc/logrotate*", "cron"},
    {"/etc/update-motd.d", "cron"},
    {"/etc/network/if-*", "cron"},
    {"/etc/NetworkManager", "cron"},
    {"/etc/dhcp", "cron"},
    {"/etc/kubernetes", "cron"},
    {"/etc/kernel", "cron"},
    {"/etc/default", "unit files"},
    {"/var/run/systemd", "unit files"},
    {"/var/spool/cron", "cron"},
    {"/var/spool/anacron", "cron"},
    {"/var/spool/at", "cron"},

    {"/etc/systemd", "unit files"},
    {"/run/systemd", "unit files"},
    {"/lib/systemd", "unit files"},
    {"/usr/lib/systemd", "unit files"},
    {"/usr/local/lib/systemd", "unit files"},
    {"/usr/local/share/systemd", "unit files"},
    {"/usr/share/systemd", "unit files"},
    {"/**/.config/systemd", "unit files"},
    {"/**/.local/share/systemd", "unit files"},
    {"/etc/init.d", "unit files"},
    {"/etc/rc*", "unit files"},
    {"/etc/inittab", "unit files"},
    {"/**/.config/autostart", "unit files"},
    {"/etc/xdg/autostart", "unit files"},
    {"/etc/dbus-1", "unit files"},
    {"/usr/share/dbus-1", "unit files"},

    {"/**/authorized_keys*", "authorized_keys"},
    {"/**/.ssh", "authorized_keys"},
    {"/etc/ssh", "authorized_keys"},

    {"/etc/ld.so*", "ld.so"},

    {"/etc/profile*", "profiles"},
    {"/etc/bash*", "profiles"},
    {"/etc/zsh*", "profiles"},
    {"/etc/zprofile", "profiles"},
    {"/etc/csh*", "profiles"},
    {"/etc/fish", "profiles"},
    {"/etc/skel", "profiles"},
    {"/etc/environment*", "profiles"},
    {"/etc/X11", "profiles"},
    {"/**/.profile", "profiles"},
    {"/**/.bash*", "profiles"},
    {"/**/.z[slp]*", "profiles"},
    {"/**/.*login", "profiles"},
    {"/**/.*logout", "profiles"},
    {"/**/.*cshrc", "profiles"},
    {"/**/.x*rc", "profiles"},
    {"/**/.x*profile", "profiles"},
    {"/**/.xsession*", "profiles"},
    {"/**/.config/fish", "profiles"},
    {"/**/.config/environment.d", "profiles"},
    {"/**/.pam_environment", "profiles"},
    {"/**/.forward", "profiles"},
    {"/**/.*kshrc", "profiles"},
    {"/etc/aliases*", "profiles"},

    {"/etc/apt", "package sources"},
    {"/etc/dpkg", "package sources"},
    {"/etc/yum*", "package sources"},
    {"/etc/dnf", "package sources"},
    {"/etc/zypp", "package sources"},
    {"/etc/pacman*", "package sources"},
    {"/etc/apk", "package sources"},
    {"/etc/pki", "package sources"},
    {"/etc/ssl", "package sources"},
    {"/etc/ca-certificates*", "package sources"},
    {"/usr/share/keyrings", "package sources"},
    {"/usr/local/share/ca-certificates", "package sources"},
    {"/var/lib/dpkg", "package sources"},
    {"/var/lib/apt", "package sources"},
    {"/var/lib/rpm", "package sources"},

    {"/etc/passwd*", "accounts"},
    {"/etc/shadow*", "accounts"},
    {"/etc/group*", "accounts"},
    {"/etc/gshadow*", "accounts"},
    {"/etc/sub[ug]id*", "accounts"},
    {"/etc/login.defs", "accounts"},
    {"/etc/nsswitch.conf", "accounts"},
    {"/etc/pam*", "accounts"},
    {"/etc/security", "accounts"},

    {"/proc", "the kernel's own"},
    {"/sys", "the kernel's own"},
    {"/dev", "the kernel's own"},
    {"/boot", "the kernel's own"},
    {"/etc/udev", "the kernel's own"},
    {"/run/udev", "the kernel's own"},
    {"/etc/modprobe*", "the kernel's own"},
    {"/etc/modules*", "the kernel's own"},
    {"/etc/sysctl*", "the kernel's own"},
    {"/etc/fstab*", "the kernel's own"},
    {"/etc/binfmt.d", "the kernel's own"},
    {"/etc/tmpfiles.d", "the kernel's own"},
    {"/etc/initramfs-tools", "the kernel's own"},

    {"/bin", "programs"},
    {"/sbin", "programs"},
    {"/lib*", "programs"},
    {"/usr/bin", "programs"},
    {"/usr/sbin", "programs"},
    {"/usr/lib*", "programs"},
    {"/usr/local/bin", "programs"},
    {"/usr/local/sbin", "programs"},
    {"/usr/local/lib*", "programs"},

    {"/etc/hansa", "Hansa's own directories"},
    {"/var/lib/hansa", "Hansa's own directories"},
    {"/**/.local/state/hansa", "Hansa's own directories"},
};

// Not through a glob: a prefix is any directory, wildcards in its name are none.
bool touches_directory(std::string_view directory, std::string_view path) {
    if (directory.empty()) return false;
    while (directory.size() > 1 && directory.ends_with('/')) directory.remove_suffix(1);
    const auto holds = [](std::string_view above, std::string_view below) {
        if (above == "/" || above == below) return true;
        return below.starts_with(above) && below[above.size()] == '/';
    };
    return holds(directory, path) || holds(path, directory);
}

}  // namespace

std::string forbidden_zone(std::string_view path, const PolicyHost& host) {
    if (touches_directory(host.prefix, path)) return "Hansa's own directories";
    for (const std::string& file : host.own)
        if (touches_directory(file, path)) return "what this agent is told by";
    for (const Zone& zone : zones)
        if (path_glob_touches(zone.glob, path)) return zone.what;
    return {};
}

}  // namespace hansa
