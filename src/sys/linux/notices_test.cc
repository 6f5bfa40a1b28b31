#include "sys/linux/notices.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "sys/linux/fd.h"
#include "sys/linux/test_loop.h"

namespace hansa {

namespace {

// A daemon's end: keeps what arrives.
class Receiver {
 public:
    explicit Receiver(const std::string& path)
        : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        check(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0,
              "the test's socket can be bound");
    }
    std::string next() {
        std::string datagram(1 << 20, '\0');
        ssize_t size = ::recv(socket_.get(), datagram.data(), datagram.size(), 0);
        return size < 0 ? "<nothing>" : datagram.substr(0, static_cast<std::size_t>(size));
    }
    void close() { socket_.close(); }

 private:
    Fd socket_;
};

}  // namespace

class LinuxNoticesTest : public testing::Test {
 protected:
    test::FreshDirectory directory_;
    NoticePaths paths_{directory_.path() + "/journal", directory_.path() + "/log"};
    LinuxNotices notices_{paths_};
};

TEST_F(LinuxNoticesTest, the_journal_gets_fields) {
    Receiver journal(paths_.journal);
    ASSERT_TRUE(notices_.to_journal({"all is well", Priority::warning, {{"host", "a b"}}}));
    EXPECT_EQ(journal.next(),
              "MESSAGE=all is well\nPRIORITY=4\nSYSLOG_IDENTIFIER=hansa\nHOST=a b\n");
}

TEST_F(LinuxNoticesTest, lines_in_a_value_cannot_pass_for_fields) {
    Receiver journal(paths_.journal);
    ASSERT_TRUE(notices_.to_journal({"x\nPRIORITY=0", Priority::info, {}}));
    EXPECT_EQ(journal.next(), "MESSAGE\n" + std::string("\x0c\0\0\0\0\0\0\0", 8) +
                                  "x\nPRIORITY=0\nPRIORITY=6\nSYSLOG_IDENTIFIER=hansa\n");
}

TEST_F(LinuxNoticesTest, field_names_are_made_to_fit_or_left_out) {
    Receiver journal(paths_.journal);
    ASSERT_TRUE(
        notices_.to_journal({"m", Priority::info, {{"_9_a-b=c\n", "1"}, {"", "2"}, {"___", "3"}}}));
    EXPECT_TRUE(journal.next().ends_with("SYSLOG_IDENTIFIER=hansa\nA_B_C_=1\n"));
}

TEST_F(LinuxNoticesTest, syslog_gets_one_line) {
    Receiver syslog(paths_.syslog);
    ASSERT_TRUE(notices_.to_syslog({"two\nlines", Priority::error, {{"k", "v"}}}));
    std::string datagram = syslog.next();
    EXPECT_TRUE(datagram.starts_with("<11>")) << datagram;
    EXPECT_TRUE(datagram.ends_with(" hansa[" + std::to_string(::getpid()) + "]: two\\nlines k=v"))
        << datagram;
    EXPECT_EQ(datagram[7], ' ') << "the month, a blank: " << datagram;
}

TEST_F(LinuxNoticesTest, a_daemon_that_is_not_there_is_missing) {
    auto sent = notices_.to_journal({"m", Priority::info, {}});
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, Code::missing);
    EXPECT_TRUE(sent.error().text.starts_with("sending to the journal: ")) << sent.error().text;
    Receiver syslog(paths_.syslog);
    syslog.close();  // its socket file stays
    sent = notices_.to_syslog({"m", Priority::info, {}});
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, Code::missing);
}

TEST_F(LinuxNoticesTest, a_message_too_long_is_invalid_and_a_busy_daemon_unavailable) {
    Receiver journal(paths_.journal);
    auto sent = notices_.to_journal({std::string(64 << 20, 'x'), Priority::info, {}});
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, Code::invalid) << sent.error().text;
    Result<void> full;
    for (int i = 0; i < 100'000 && full; ++i) full = notices_.to_journal({"m", Priority::info, {}});
    ASSERT_FALSE(full);
    EXPECT_EQ(full.error().code, Code::unavailable) << full.error().text;
}

}  // namespace hansa
