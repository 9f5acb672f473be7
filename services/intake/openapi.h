/* openapi.json as part of the program; made by the build. */
#ifndef INTAKE_OPENAPI_H
#define INTAKE_OPENAPI_H

extern const unsigned char OPENAPI_DOCUMENT[];
extern const unsigned long OPENAPI_DOCUMENT_LENGTH;

#endif
