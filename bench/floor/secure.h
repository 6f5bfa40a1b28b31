// How a floor program gets into a store: with the files that an agent, or the scene, keeps in a
// directory: ca.pem, tls.pem, tls.key.
#pragma once

#include <grpcpp/grpcpp.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>

namespace floors {

inline std::string text_of(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
}

inline std::shared_ptr<grpc::ChannelCredentials> credentials_in(const std::string& directory) {
    return grpc::SslCredentials({text_of(directory + "/ca.pem"), text_of(directory + "/tls.key"),
                                 text_of(directory + "/tls.pem")});
}

}  // namespace floors
