/** Reading small JSON objects strictly: no name twice, no unknown name, no value of another kind. Not exported. */
package org.codanet.json;
