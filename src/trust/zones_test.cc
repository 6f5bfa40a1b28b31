// Each row falls when its zone is taken out of the list.
#include <gtest/gtest.h>

#include "trust/policy.h"

namespace hansa {
namespace {

std::string zone(std::string_view path) {
    return forbidden_zone(path, {"hansa", "/data/hansa", {"/srv/site/g.yaml"}});
}

TEST(ForbiddenZones, hold_what_gives_somebody_the_rights_of_another) {
    for (const char* path : {"/etc/logrotate.d/x", "/etc/update-motd.d/1", "/etc/default/cron",
                             "/var/run/systemd/system/x.service", "/root/.forward", "/etc/sudoers",
                             "/etc/sudoers.d/web", "/etc/sudoers.tmp", "/etc/doas.conf",
                             "/etc/polkit-1/rules.d/x.rules"})
        EXPECT_NE(zone(path), "") << path;
    for (const char* path : {"/root/.ssh/authorized_keys", "/home/bob/.ssh/authorized_keys2",
                             "/srv/keys/authorized_keys", "/home/bob/.ssh/config",
                             "/etc/ssh/sshd_config", "/authorized_keys"})
        EXPECT_EQ(zone(path), "authorized_keys") << path;
    for (const char* path :
         {"/etc/passwd", "/etc/passwd-", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid",
          "/etc/pam.d/sshd", "/etc/security/limits.conf", "/etc/nsswitch.conf"})
        EXPECT_EQ(zone(path), "accounts") << path;
}

TEST(ForbiddenZones, hold_what_runs_by_itself) {
    for (const char* path : {"/etc/crontab", "/etc/cron.d/x", "/etc/cron.daily/x",
                             "/var/spool/cron/crontabs/root", "/etc/anacrontab", "/var/spool/at/x"})
        EXPECT_EQ(zone(path), "cron") << path;
    for (const char* path :
         {"/etc/systemd/system/x.service", "/lib/systemd/system/x.service",
          "/usr/lib/systemd/system-generators/x", "/run/systemd/system/x.timer",
          "/usr/local/lib/systemd/system/x.service", "/home/bob/.config/systemd/user/x.service",
          "/root/.local/share/systemd/user/x", "/etc/init.d/x", "/etc/rc.local", "/etc/inittab",
          "/etc/dbus-1/system.d/x.conf", "/home/bob/.config/autostart/x.desktop"})
        EXPECT_EQ(zone(path), "unit files") << path;
    for (const char* path : {"/etc/ld.so.preload", "/etc/ld.so.conf.d/x.conf", "/etc/ld.so.cache"})
        EXPECT_EQ(zone(path), "ld.so") << path;
}

TEST(ForbiddenZones, hold_profiles_of_the_machine_and_of_every_home) {
    for (const char* path : {"/etc/profile",
                             "/etc/profile.d/x.sh",
                             "/etc/bash.bashrc",
                             "/etc/bash_completion.d/x",
                             "/etc/zsh/zshrc",
                             "/etc/environment",
                             "/etc/skel/.profile",
                             "/root/.profile",
                             "/root/.bashrc",
                             "/home/bob/.bash_profile",
                             "/home/bob/.zshenv",
                             "/home/bob/.zprofile",
                             "/home/bob/.zlogin",
                             "/home/bob/.cshrc",
                             "/home/bob/.tcshrc",
                             "/home/bob/.xinitrc",
                             "/home/bob/.xprofile",
                             "/home/bob/.xsession",
                             "/home/bob/.config/fish/config.fish",
                             "/home/bob/.config/environment.d/x.conf",
                             "/home/bob/.pam_environment",
                             "/root/.bash_logout"})
        EXPECT_EQ(zone(path), "profiles") << path;
}

TEST(ForbiddenZones, hold_package_sources_programs_and_the_kernel) {
    for (const char* path :
         {"/etc/apt/sources.list.d/x.list", "/etc/apt/apt.conf.d/x", "/etc/yum.repos.d/x.repo",
          "/etc/dnf/dnf.conf", "/etc/zypp/repos.d/x", "/etc/pacman.conf", "/etc/apk/repositories",
          "/usr/share/keyrings/x.gpg", "/etc/pki/rpm-gpg/x", "/var/lib/dpkg/info/x.postinst"})
        EXPECT_EQ(zone(path), "package sources") << path;
    for (const char* path : {"/bin/sh", "/sbin/init", "/lib/x.so", "/lib64/x.so", "/usr/bin/sudo",
                             "/usr/local/bin/x", "/usr/local/lib/python3/x.py"})
        EXPECT_EQ(zone(path), "programs") << path;
    for (const char* path : {"/proc/sys/kernel/core_pattern", "/sys/x", "/dev/sda", "/boot/grub",
                             "/etc/udev/rules.d/x", "/etc/modprobe.d/x", "/etc/sysctl.d/x",
                             "/etc/fstab", "/etc/tmpfiles.d/x"})
        EXPECT_EQ(zone(path), "the kernel's own") << path;
}

TEST(ForbiddenZones, hold_our_own_directories_and_the_prefix_that_was_given) {
    for (const char* path :
         {"/etc/hansa/policy.yaml", "/var/lib/hansa/web1/identity.json",
          "/home/bob/.local/state/hansa/x", "/data/hansa/web1/accepted.json", "/data/hansa"})
        EXPECT_EQ(zone(path), "Hansa's own directories") << path;
    EXPECT_EQ(forbidden_zone("/data/hansa/x", {"", "/data/hansa/"}), "Hansa's own directories");
    EXPECT_EQ(forbidden_zone("/srv/we[b]/x", {"", "/srv/we[b]"}), "Hansa's own directories");
    EXPECT_EQ(zone("/data/hansa2/x"), "");
    EXPECT_EQ(forbidden_zone("/data/hansa/x", {"", ""}), "");
}

// Whoever may replace, mount over or open up what leads to a zone is in it.
TEST(ForbiddenZones, hold_what_leads_to_them) {
    for (const char* path : {"/", "/etc", "/var", "/var/spool", "/usr", "/data", "/var/lib"})
        EXPECT_NE(zone(path), "") << path;
}

TEST(ForbiddenZones, leave_the_rest_alone) {
    for (const char* path :
         {"/srv/www/index.html", "/etc/motd", "/etc/nginx/nginx.conf", "/tmp/shared/f1",
          "/home/bob/notes", "/home", "/opt/app/bin/x", "/var/www/x", "/usr/local/share/doc"})
        EXPECT_EQ(zone(path), "") << path;
}

TEST(Zones, are_the_files_that_an_agent_is_told_by) {
    EXPECT_EQ(zone("/srv/site/g.yaml"), "what this agent is told by");
    EXPECT_EQ(zone("/srv/site"), "what this agent is told by") << "with everything in it";
    EXPECT_EQ(zone("/srv/site/index.html"), "");
}

}  // namespace
}  // namespace hansa
