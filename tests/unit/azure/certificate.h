/* SPDX-License-Identifier: Apache-2.0 */
/* A certificate with its key in a PEM file of its own, for tests. */
#ifndef TEST_AZURE_CERTIFICATE_H
#define TEST_AZURE_CERTIFICATE_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct certificate {
    char path[64];
    EVP_PKEY *key;
    X509 *x509;
} certificate;

/* Writes the file anew; what is NULL is left out. */
static inline void certificate_write(const certificate *c, X509 *x509, EVP_PKEY *key,
                                     const char *password)
{
    FILE *file = fopen(c->path, "w");

    if (file == NULL || (x509 != NULL && PEM_write_X509(file, x509) != 1) ||
        (key != NULL && PEM_write_PKCS8PrivateKey(
                            file, key, password == NULL ? NULL : EVP_aes_256_cbc(), password,
                            password == NULL ? 0 : (int)strlen(password), NULL, NULL) != 1) ||
        fclose(file) != 0) {
        abort();
    }
}

static inline void certificate_create(certificate *c, const char *password)
{
    (void)snprintf(c->path, sizeof c->path, "/tmp/millrace-pem-XXXXXX");
    int fd = mkstemp(c->path);
    if (fd < 0 || close(fd) != 0) {
        abort();
    }
    c->key = EVP_RSA_gen(2048);
    c->x509 = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(c->x509), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(c->x509), 0);
    (void)X509_gmtime_adj(X509_getm_notAfter(c->x509), 3600);
    if (X509_set_pubkey(c->x509, c->key) != 1 || X509_sign(c->x509, c->key, EVP_sha256()) == 0) {
        abort();
    }
    certificate_write(c, c->x509, c->key, password);
}

static inline void certificate_free(certificate *c)
{
    (void)unlink(c->path);
    X509_free(c->x509);
    EVP_PKEY_free(c->key);
}

#endif
