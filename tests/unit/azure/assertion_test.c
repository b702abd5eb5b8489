/* SPDX-License-Identifier: Apache-2.0 */
/* azure/assertion_test.c - what a service principal signs, read and verified as Entra would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <yyjson.h>

#include "azure/assertion.h"
#include "certificate.h"

static const mr_assertion_claims claims = {.audience =
                                               "https://login.example/tenant/oauth2/v2.0/token",
                                           .client_id = "an \"id\"",
                                           .now_s = 1700000000};

/* RFC 4648 section 5, back. */
static size_t decode(mr_text text, uint8_t *out)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t group = 0;
    unsigned bits = 0;
    size_t bytes = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        const char *at = strchr(letters, text.data[i]);
        assert_non_null(at);
        group = group << 6 | (uint32_t)(at - letters);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out[bytes++] = (uint8_t)(group >> bits);
        }
    }
    return bytes;
}

static mr_text part(const char *jwt, int index)
{
    while (index-- > 0) {
        jwt = strchr(jwt, '.');
        assert_non_null(jwt);
        jwt++;
    }
    return (mr_text){jwt, strcspn(jwt, ".")};
}

static yyjson_doc *json_part(const char *jwt, int index)
{
    uint8_t text[mr_assertion_bytes_max];
    size_t bytes = decode(part(jwt, index), text);
    yyjson_doc *doc = yyjson_read((const char *)text, bytes, 0);

    assert_non_null(doc);
    return doc;
}

static bool verifies(const char *jwt, EVP_PKEY *key)
{
    uint8_t signature[mr_assertion_bytes_max];
    size_t bytes = decode(part(jwt, 2), signature);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key_ctx = NULL;

    assert_int_equal(EVP_DigestVerifyInit(ctx, &key_ctx, EVP_sha256(), NULL, key), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, RSA_PSS_SALTLEN_DIGEST), 1);
    bool fits = EVP_DigestVerify(ctx, signature, bytes, (const uint8_t *)jwt,
                                 (size_t)(strrchr(jwt, '.') - jwt)) == 1;
    EVP_MD_CTX_free(ctx);
    return fits;
}

static void test_the_signature_and_thumbprint_are_of_the_certificate(void **state)
{
    certificate c;
    mr_buffer jwt;
    uint8_t digest[EVP_MAX_MD_SIZE], named[64];
    unsigned digest_bytes = 0;

    (void)state;
    certificate_create(&c, NULL);
    mr_buffer_init(&jwt, mr_assertion_bytes_max);
    assert_int_equal(mr_assertion_write(c.path, NULL, &claims, &jwt, NULL), MR_OK);
    assert_true(mr_buffer_append(&jwt, "", 1));
    assert_true(verifies(jwt.data, c.key));
    jwt.data[2] = jwt.data[2] == 'A' ? 'B' : 'A'; /* a letter of the header */
    assert_false(verifies(jwt.data, c.key));
    mr_buffer_clear(&jwt);
    assert_int_equal(mr_assertion_write(c.path, NULL, &claims, &jwt, NULL), MR_OK);
    assert_true(mr_buffer_append(&jwt, "", 1));
    yyjson_doc *header = json_part(jwt.data, 0);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(yyjson_doc_get_root(header), "alg")),
                        "PS256");
    yyjson_val *thumbprint = yyjson_obj_get(yyjson_doc_get_root(header), "x5t#S256");
    assert_int_equal(X509_digest(c.x509, EVP_sha256(), digest, &digest_bytes), 1);
    assert_int_equal(decode(mr_text_of(yyjson_get_str(thumbprint)), named), digest_bytes);
    assert_memory_equal(named, digest, digest_bytes);
    yyjson_doc_free(header);
    mr_buffer_free(&jwt);
    certificate_free(&c);
}

static void test_the_claims_name_who_asks_whom_and_until_when(void **state)
{
    certificate c;
    mr_buffer jwt;

    (void)state;
    certificate_create(&c, NULL);
    mr_buffer_init(&jwt, mr_assertion_bytes_max);
    assert_int_equal(mr_assertion_write(c.path, NULL, &claims, &jwt, NULL), MR_OK);
    assert_true(mr_buffer_append(&jwt, "", 1));
    yyjson_doc *doc = json_part(jwt.data, 1);
    yyjson_val *root = yyjson_doc_get_root(doc);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(root, "aud")), claims.audience);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(root, "iss")), claims.client_id);
    assert_string_equal(yyjson_get_str(yyjson_obj_get(root, "sub")), claims.client_id);
    assert_true(yyjson_get_sint(yyjson_obj_get(root, "nbf")) == claims.now_s);
    assert_true(yyjson_get_sint(yyjson_obj_get(root, "exp")) == claims.now_s + 600);
    assert_int_equal(yyjson_get_len(yyjson_obj_get(root, "jti")), 32);
    yyjson_doc_free(doc);
    mr_buffer_free(&jwt);
    certificate_free(&c);
}

static void test_a_password_opens_the_key_and_stands_in_no_message(void **state)
{
    certificate c;
    mr_buffer jwt;
    mr_err err;

    (void)state;
    certificate_create(&c, "Sesame-4711");
    mr_buffer_init(&jwt, mr_assertion_bytes_max);
    assert_int_equal(mr_assertion_write(c.path, "Sesame-4711", &claims, &jwt, &err), MR_OK);
    assert_int_equal(mr_assertion_write(c.path, "Wrong-4711", &claims, &jwt, &err), MR_INVALID);
    assert_null(strstr(err.message, "4711"));
    assert_int_equal(mr_assertion_write(c.path, NULL, &claims, &jwt, &err), MR_INVALID);
    mr_buffer_free(&jwt);
    certificate_free(&c);
}

static void test_what_is_wrong_with_a_file_is_said(void **state)
{
    certificate c, other;
    mr_buffer jwt;
    mr_err err;

    (void)state;
    certificate_create(&c, NULL);
    certificate_create(&other, NULL);
    mr_buffer_init(&jwt, mr_assertion_bytes_max);
    assert_int_equal(mr_assertion_write("/nowhere.pem", NULL, &claims, &jwt, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "/nowhere.pem cannot be read"));
    certificate_write(&c, c.x509, NULL, NULL);
    assert_int_equal(mr_assertion_write(c.path, NULL, &claims, &jwt, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "holds no private key"));
    certificate_write(&c, NULL, c.key, NULL);
    assert_int_equal(mr_assertion_write(c.path, NULL, &claims, &jwt, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "holds no certificate"));
    certificate_write(&c, c.x509, other.key, NULL);
    assert_int_equal(mr_assertion_write(c.path, NULL, &claims, &jwt, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "do not belong together"));
    assert_int_equal(jwt.bytes, 0);
    mr_buffer_free(&jwt);
    certificate_free(&c);
    certificate_free(&other);
}

static void test_base64url_of_each_length(void **state)
{
    static const char *const wanted[] = {"", "_w", "__8", "____", "_____w"};
    mr_buffer out;

    (void)state;
    mr_buffer_init(&out, 64);
    for (size_t bytes = 0; bytes < 5; bytes++) {
        mr_buffer_clear(&out);
        mr_base64url_append(&out, "\xff\xff\xff\xff", bytes);
        assert_true(mr_text_equal((mr_text){out.data == NULL ? "" : out.data, out.bytes},
                                  mr_text_of(wanted[bytes])));
    }
    mr_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_signature_and_thumbprint_are_of_the_certificate),
        cmocka_unit_test(test_the_claims_name_who_asks_whom_and_until_when),
        cmocka_unit_test(test_a_password_opens_the_key_and_stands_in_no_message),
        cmocka_unit_test(test_what_is_wrong_with_a_file_is_said),
        cmocka_unit_test(test_base64url_of_each_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
