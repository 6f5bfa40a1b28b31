# Libraries of others, each behind one interface target. Linked statically where they are large
# or many: loading gRPC's 56 shared objects alone takes 9 ms of every start.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

# The static archive of a Debian -dev package.
function(hansa_archive variable name)
    find_library(${variable} NAMES lib${name}.a REQUIRED)
endfunction()

hansa_archive(HANSA_YAML_A yaml)
add_library(hansa_yaml INTERFACE)
target_link_libraries(hansa_yaml INTERFACE ${HANSA_YAML_A})

hansa_archive(HANSA_BOOST_JSON_A boost_json)
hansa_archive(HANSA_BOOST_CONTAINER_A boost_container)
add_library(hansa_json INTERFACE)
target_link_libraries(hansa_json INTERFACE ${HANSA_BOOST_JSON_A} ${HANSA_BOOST_CONTAINER_A})

add_library(hansa_asio INTERFACE)
target_link_libraries(hansa_asio INTERFACE Threads::Threads)
target_compile_definitions(hansa_asio INTERFACE BOOST_ASIO_NO_DEPRECATED)
if(HANSA_SANITIZE MATCHES "thread")
    # The thread sanitizer does not know fences; Asio's queue has a mutex besides.
    target_compile_definitions(hansa_asio INTERFACE BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()

# OpenSSL; its archives want the dynamic loader (for providers) and threads.
hansa_archive(HANSA_SSL_A ssl)
hansa_archive(HANSA_CRYPTO_A crypto)
add_library(hansa_crypto INTERFACE)
target_link_libraries(hansa_crypto INTERFACE
    ${HANSA_SSL_A} ${HANSA_CRYPTO_A} Threads::Threads ${CMAKE_DL_LIBS})

find_path(HANSA_CLI11_DIR CLI/CLI.hpp REQUIRED)  # headers only
add_library(hansa_cli INTERFACE)
target_include_directories(hansa_cli SYSTEM INTERFACE ${HANSA_CLI11_DIR})

if(HANSA_GRPC)
    # The .pc file does not name what its archives need.
    pkg_check_modules(GRPC REQUIRED grpc++)
    set(hansa_grpc_archives "")
    foreach(library IN LISTS GRPC_STATIC_LIBRARIES ITEMS upb address_sorting cares z re2
            protobuf-lite)
        if(library MATCHES "^(protobuf|ssl|crypto)$")
            continue()
        endif()
        find_library(HANSA_A_${library} NAMES lib${library}.a)
        if(HANSA_A_${library})
            list(APPEND hansa_grpc_archives ${HANSA_A_${library}})
        else()
            list(APPEND hansa_grpc_archives ${library})
        endif()
    endforeach()
    list(REMOVE_DUPLICATES hansa_grpc_archives)
    add_library(hansa_grpc INTERFACE)
    target_compile_definitions(hansa_grpc INTERFACE GRPC_USE_PROTO_LITE)
    target_link_libraries(hansa_grpc INTERFACE
        -Wl,--start-group ${hansa_grpc_archives} -Wl,--end-group hansa_crypto)

    find_program(HANSA_PROTOC protoc REQUIRED)
    find_program(HANSA_PROTOC_GRPC grpc_cpp_plugin REQUIRED)

    # Generates messages and stubs of one .proto into the build directory, as a library without
    # our warnings: the code is not ours.
    function(hansa_proto target proto)
        get_filename_component(name ${proto} NAME_WE)
        get_filename_component(folder ${proto} DIRECTORY)
        set(out ${CMAKE_BINARY_DIR}/proto)
        file(MAKE_DIRECTORY ${out})
        set(made ${out}/${name}.pb.cc ${out}/${name}.pb.h ${out}/${name}.grpc.pb.cc
            ${out}/${name}.grpc.pb.h)
        add_custom_command(OUTPUT ${made}
            COMMAND ${HANSA_PROTOC} -I${folder} --cpp_out=${out} --grpc_out=${out}
                    --plugin=protoc-gen-grpc=${HANSA_PROTOC_GRPC} ${proto}
            DEPENDS ${proto} VERBATIM)
        add_library(${target} STATIC ${made})
        target_include_directories(${target} SYSTEM PUBLIC ${out})
        target_link_libraries(${target} PUBLIC hansa_grpc)
        if(HANSA_SANITIZE)
            target_compile_options(${target} PRIVATE -fsanitize=${HANSA_SANITIZE})
        endif()
    endfunction()
endif()
