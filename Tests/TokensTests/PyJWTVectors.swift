/// Keys and tokens that PyJWT 2.15.1 and cryptography 50.0.2 made once; the keys guard nothing.
enum PyJWTVectors {
  static let now: Int64 = 1_800_000_000
  static let secret = Array("0123456789abcdef0123456789abcdef-shared".utf8)
  static let rsaPrivate = """
    -----BEGIN PRIVATE KEY-----
    MIIEvAIBADANBgkqhkiG9w0BAQEFAASCBKYwggSiAgEAAoIBAQC/fn7ljdRbd3M0
    wfB/aYfGmc7VfEIvCBz/1C28Q5RFs1LNvUf7sk4WIarIEe4i0ZNK27p6q3fCL+76
    QCck3l1buOzZzuQrEoYQ01hbkPIVfbvkOZH7egpF6NYRGFT8Dwtp5j/fgcNu/jrm
    iMvO8DZMiRVn2xk6EPF87p0IkOVtw8pQ4zJBoJFkLrdegHCQo5G7ZGMdANOgeRPZ
    FnbiAWZvZZiW0PlKDoK0RGn0fbdF/yo/MBqyEafCLZ0KaRn2w6FxoUBqhuv82SmV
    0LsR1Ij1gw/H74qEi4Le2KnkQ4rsxa1s16FBRPLP6nKyZXVSjNvF3M6NLYy04OBp
    RH0l+pItAgMBAAECggEAHw1Q4AIH974OszUovcx7zS9nTBSOeehvpWd/dBokSsop
    qP2i1NSE149ljXRk4IYKA7dOTbKM5LMXpkJtZovdaTB7TdWAB+EE1ukimJSQQP5m
    z7srKjOPw2begZ6nt0jsQaOp42E8Mv0sSXJQ1FF9CJupGjJ77H/PXQInejpezdXM
    TH4zHnUe8VP9jEKnXDOQ1hhmVSuBWfcT/YJNSNmnm1gKtzPPR3pd1OOqibr+5pyB
    /noxxh5yy7S5dlpMBnowFWmsUXhrwSTB+QMraONv7Hg7ayvaJwT1H9fHeyZem4+3
    u8SG8zM83scqARyW+SzuG0OqdL6fANnhz8Y/dZluEQKBgQDo4mVf3uNdTWfhZYXf
    9MW7EW4fuxpe80/603h7xEV3s8NYspstEGJ2jDlO9cFBmXiogLWegkfPktSNFeO4
    dfmR49pxjY4U20zRBZ9OyZxNu+JaxrcqqguRdQE0qMqSU05FMwbno2KzaREfkIZx
    7mU+ig5rysl1nfuuC8CNaJmYsQKBgQDSgF8hNQrebf4a5Cest9wabCTUOl42u3Jw
    FWT3mfyZvav30sHNtj0m+rnZUyrYK9y2fMDIaKhCqq7kub5cQEehGm6kiQpGf8EJ
    sgEsr4qHrIEoviZduYgD8VUnE8PxI7rD1KjGMqEBw3t/SvoOoN4Ov5i/C+im8Arf
    wqI0aMAwPQKBgCib8dl54GPQr6CaN3IKGMC6FV3rHnoYK4YtggDzBLoO2q2I145Q
    IRtS8FtYd06dGHEpoIH3bdZAYFgJzR/JUq+h7+GFMZVpeEeql1EBzwOvE5WIuT/z
    TvkaUg+Ar3I8nJVshHO4BeoLFDVQ2mDblUQGhuU9A0xDNDPxUK5X4xDBAoGAexnj
    iBHy9z0v2x4OLa2gJDuWFh7ENhHMzMtWLo548JfBV76C5ABtJrx9ryA58A1Gl9nB
    C/JYZBRZDx2ou15EBWzlw4b44V2Y0Eiu8yj9RHaXWfJJkYoMhvG9MIsYjY6tjBRz
    VuUIz3U4Zaq9LYzaD5nwg9k9B1NdqJm0Lh4MNqkCgYBMCt8RCSWtSb8OR4QB0nr1
    TtVkd33DWek+GK2ge9da421bA+ZW2spM0yz4GMYnnpHpo8iKYy7oPADup55YasWn
    GPYOyCo/0QXmA8gPrCk8urnp7rNW2dkojCrAkbt1A6W4xsBTUXAnHuKWlJfKSj4H
    AjdRuyGLGh9ZuzdUbUqWiA==
    -----END PRIVATE KEY-----
    """
  static let ecPrivate = """
    -----BEGIN PRIVATE KEY-----
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg19fbqkcjA30mNmqJ
    y7Iaqc+dCfPMz0HqAXR2iT7nUgqhRANCAAQBU12jQGsx2tkXDKdj9qeVsD4LOquo
    8vKbVQajU0JXjtMsmtTTIZL39R3HxxlFUQ0xTejMomgeO6xKPWF4kSXM
    -----END PRIVATE KEY-----
    """
  static let edPrivate = """
    -----BEGIN PRIVATE KEY-----
    MC4CAQAwBQYDK2VwBCIEIGpi1OmhFHwhBAUKb9r9T1/582Iw8rKwL0eHqpNW6694
    -----END PRIVATE KEY-----
    """
  static let rsaPublic = """
    -----BEGIN PUBLIC KEY-----
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAv35+5Y3UW3dzNMHwf2mH
    xpnO1XxCLwgc/9QtvEOURbNSzb1H+7JOFiGqyBHuItGTStu6eqt3wi/u+kAnJN5d
    W7js2c7kKxKGENNYW5DyFX275DmR+3oKRejWERhU/A8LaeY/34HDbv465ojLzvA2
    TIkVZ9sZOhDxfO6dCJDlbcPKUOMyQaCRZC63XoBwkKORu2RjHQDToHkT2RZ24gFm
    b2WYltD5Sg6CtERp9H23Rf8qPzAashGnwi2dCmkZ9sOhcaFAaobr/NkpldC7EdSI
    9YMPx++KhIuC3tip5EOK7MWtbNehQUTyz+pysmV1UozbxdzOjS2MtODgaUR9JfqS
    LQIDAQAB
    -----END PUBLIC KEY-----
    """
  static let ecPublic = """
    -----BEGIN PUBLIC KEY-----
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAVNdo0BrMdrZFwynY/anlbA+Czqr
    qPLym1UGo1NCV47TLJrU0yGS9/Udx8cZRVENMU3ozKJoHjusSj1heJElzA==
    -----END PUBLIC KEY-----
    """
  static let edPublic = """
    -----BEGIN PUBLIC KEY-----
    MCowBQYDK2VwAyEA/nHZjcpX4jPmcsCZyb9sMIWnRsPc9t6tTP+qhvhHaIc=
    -----END PUBLIC KEY-----
    """
  static let rsa1024Private = """
    -----BEGIN PRIVATE KEY-----
    MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAJ9TEJ5aVYGaVY5y
    rpD/RTUxcfM5awVa5qWY8+VsvjD1zPHZX28UgLsSaOFiLPGltDx44WWB+zmYvAno
    nA5UqRkYkETTe/FTBcE3f+Jxk6tKm1+KNeWLG2bbnSz2wb+82bbQmbU/YKaunFMA
    9rMrbXpEals6LH8mgRyv++1SE5VxAgMBAAECgYBMOJf1ue+4PhZ6PIEpGwaICSyj
    mK+Lc05uoLrl4l0m3SD7/us6IAvp80e7s5Ue0hBk8cubHVEL3/btoput+3CdsLGU
    V/XRfWkoNTlXYrY5LbuyKPM/t4pjcNykRikzwXRNlNe277rXvHtrn4STpiPw1EB4
    ybXpoLhODY9F9zSSAQJBAMz3hBuVacHeder8O2W8YU8V09UHYK9jVP5ZOW1cwqZI
    46ssbe9bpIjKoWtD+e8jELGoEPtIplPVnAozOhU8KNECQQDG/lOBgvPgAbJv6eHy
    4iyICSKZ+Ojj9wO8loxZEdHZQOvDQ4YsBYCt8CHdBtbFXIGooXllxk2LvYhr/zsA
    ucqhAkEAnPgZtj4w5gYGbFWK75jbNQPUXNrvkqIR31BZiIV3lH1Rzi+SabLXSONV
    x54hdKB4EnZRuv+iUaXPgIhGvSh7YQJAWdYptvd6yC+b8iBhrHhlaEjPgTm5UmmL
    G1HQLMn5th40EeRjJ26YiG43q4RR46n+szWrC8J58dNwSmlgptQ54QJAG7k4AWN4
    MtnL0IdDIKbsGZvOt7lIW7OnIkmk5vw8Sl/ug6nfGV/S7zmSvgJ65y9bebW8xuE7
    XZJwKcd5SgRhcA==
    -----END PRIVATE KEY-----
    """
  static let p384Private = """
    -----BEGIN PRIVATE KEY-----
    MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDCNHwPnbExYjFFZ1526
    AzckregXjXNELYs8gIWtt9LancDurCbAgX2/yL79l3DKcL+hZANiAAQW5wkrx88T
    4+XqqRvGvNXTt16QXwAjClwSQqXwOZnLv2U3k2rlEl+y3zu3C9p+x+egGvV4zBbq
    qHr9fsuXUKrbGHdnV8WU1xNt43oO+exPurel4DE71TohSnM7NzUUPn0=
    -----END PRIVATE KEY-----
    """
  static let encryptedPrivate = """
    -----BEGIN ENCRYPTED PRIVATE KEY-----
    MIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBCeizTf+Jr5mI8k6p19
    ASuaAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQ+tRmvqCmpmxlEy2p
    8fBHygRAqNF5tkR7KnoKXEPGZN9OvTAUrF2ZwssL7AjO0rzABEH5HDNVj8ptZmkn
    YSkURGnQDJTdbFZboXYme0vkYhAY1A==
    -----END ENCRYPTED PRIVATE KEY-----
    """
  static let jwks = #"""
    {"keys":[{"kty":"RSA","n":"v35-5Y3UW3dzNMHwf2mHxpnO1XxCLwgc_9QtvEOURbNSzb1H-7JOFiGqyBHuItGTStu6eqt3w\#
    i_u-kAnJN5dW7js2c7kKxKGENNYW5DyFX275DmR-3oKRejWERhU_A8LaeY_34HDbv465ojLzvA2TIkVZ9sZOhDxfO6dCJDlbcPKU\#
    OMyQaCRZC63XoBwkKORu2RjHQDToHkT2RZ24gFmb2WYltD5Sg6CtERp9H23Rf8qPzAashGnwi2dCmkZ9sOhcaFAaobr_NkpldC7E\#
    dSI9YMPx--KhIuC3tip5EOK7MWtbNehQUTyz-pysmV1UozbxdzOjS2MtODgaUR9JfqSLQ","e":"AQAB","kid":"rsa-1","use\#
    ":"sig"},{"kty":"EC","crv":"P-256","x":"AVNdo0BrMdrZFwynY_anlbA-CzqrqPLym1UGo1NCV44","y":"0yya1NMhkv\#
    f1HcfHGUVRDTFN6MyiaB47rEo9YXiRJcw","kid":"ec-1","use":"sig"},{"x":"_nHZjcpX4jPmcsCZyb9sMIWnRsPc9t6tT\#
    P-qhvhHaIc","kty":"OKP","crv":"Ed25519","kid":"ed-1","use":"sig"}]}
    """#
  static let privateJWKs = #"""
    {"keys":[{"kty":"RSA","key_ops":["sign"],"n":"v35-5Y3UW3dzNMHwf2mHxpnO1XxCLwgc_9QtvEOURbNSzb1H-7JOFi\#
    GqyBHuItGTStu6eqt3wi_u-kAnJN5dW7js2c7kKxKGENNYW5DyFX275DmR-3oKRejWERhU_A8LaeY_34HDbv465ojLzvA2TIkVZ9\#
    sZOhDxfO6dCJDlbcPKUOMyQaCRZC63XoBwkKORu2RjHQDToHkT2RZ24gFmb2WYltD5Sg6CtERp9H23Rf8qPzAashGnwi2dCmkZ9s\#
    OhcaFAaobr_NkpldC7EdSI9YMPx--KhIuC3tip5EOK7MWtbNehQUTyz-pysmV1UozbxdzOjS2MtODgaUR9JfqSLQ","e":"AQAB"\#
    ,"d":"Hw1Q4AIH974OszUovcx7zS9nTBSOeehvpWd_dBokSsopqP2i1NSE149ljXRk4IYKA7dOTbKM5LMXpkJtZovdaTB7TdWAB-\#
    EE1ukimJSQQP5mz7srKjOPw2begZ6nt0jsQaOp42E8Mv0sSXJQ1FF9CJupGjJ77H_PXQInejpezdXMTH4zHnUe8VP9jEKnXDOQ1h\#
    hmVSuBWfcT_YJNSNmnm1gKtzPPR3pd1OOqibr-5pyB_noxxh5yy7S5dlpMBnowFWmsUXhrwSTB-QMraONv7Hg7ayvaJwT1H9fHey\#
    Zem4-3u8SG8zM83scqARyW-SzuG0OqdL6fANnhz8Y_dZluEQ","p":"6OJlX97jXU1n4WWF3_TFuxFuH7saXvNP-tN4e8RFd7PDW\#
    LKbLRBidow5TvXBQZl4qIC1noJHz5LUjRXjuHX5kePacY2OFNtM0QWfTsmcTbviWsa3KqoLkXUBNKjKklNORTMG56Nis2kRH5CGc\#
    e5lPooOa8rJdZ37rgvAjWiZmLE","q":"0oBfITUK3m3-GuQnrLfcGmwk1DpeNrtycBVk95n8mb2r99LBzbY9Jvq52VMq2Cvctnz\#
    AyGioQqqu5Lm-XEBHoRpupIkKRn_BCbIBLK-Kh6yBKL4mXbmIA_FVJxPD8SO6w9SoxjKhAcN7f0r6DqDeDr-YvwvopvAK38KiNGj\#
    AMD0","dp":"KJvx2XngY9CvoJo3cgoYwLoVXeseehgrhi2CAPMEug7arYjXjlAhG1LwW1h3Tp0YcSmggfdt1kBgWAnNH8lSr6Hv\#
    4YUxlWl4R6qXUQHPA68TlYi5P_NO-RpSD4CvcjyclWyEc7gF6gsUNVDaYNuVRAaG5T0DTEM0M_FQrlfjEME","dq":"exnjiBHy9\#
    z0v2x4OLa2gJDuWFh7ENhHMzMtWLo548JfBV76C5ABtJrx9ryA58A1Gl9nBC_JYZBRZDx2ou15EBWzlw4b44V2Y0Eiu8yj9RHaXW\#
    fJJkYoMhvG9MIsYjY6tjBRzVuUIz3U4Zaq9LYzaD5nwg9k9B1NdqJm0Lh4MNqk","qi":"TArfEQklrUm_DkeEAdJ69U7VZHd9w1\#
    npPhitoHvXWuNtWwPmVtrKTNMs-BjGJ56R6aPIimMu6DwA7qeeWGrFpxj2DsgqP9EF5gPID6wpPLq56e6zVtnZKIwqwJG7dQOluM\#
    bAU1FwJx7ilpSXyko-BwI3UbshixofWbs3VG1Klog","kid":"rsa-1"},{"kty":"EC","crv":"P-256","x":"AVNdo0BrMdr\#
    ZFwynY_anlbA-CzqrqPLym1UGo1NCV44","y":"0yya1NMhkvf1HcfHGUVRDTFN6MyiaB47rEo9YXiRJcw","d":"19fbqkcjA30\#
    mNmqJy7Iaqc-dCfPMz0HqAXR2iT7nUgo","kid":"ec-1"},{"x":"_nHZjcpX4jPmcsCZyb9sMIWnRsPc9t6tTP-qhvhHaIc","\#
    d":"amLU6aEUfCEEBQpv2v1PX_nzYjDysrAvR4eqk1brr3g","kty":"OKP","crv":"Ed25519","kid":"ed-1"}]}
    """#
  /// What each token shows, and the token; to be accepted for issuer `chat`, audience `chat-api`.
  static let accepted: [(name: String, token: String)] = [
    (
      "HS256 plain",
      """
      eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzdWIiOiI1MTIxIiwiZXh\
      wIjoxODAwMDAwNjAwfQ.jhgYbil4Nw4YMoa5cVj1JhzykThalnwtZ889FEEgQwI
      """
    ),
    (
      "HS256 with a kid of its own",
      """
      eyJhbGciOiJIUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzdWIi\
      OiI1MTIxIiwiZXhwIjoxODAwMDAwNjAwfQ.jvt3y7_LhcbxzyzIEfGWRujL07AEAL2fQlZ3imzS3h4
      """
    ),
    (
      "HS256 without typ",
      """
      eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzdWIiOiI1MTIxIiwiZXhwIjoxODAwMDAwNjA\
      wfQ.RsqRkqwIPNC5Z1vHR3_5OXQ3bfg2FIHdEBZdtXS-Lm0
      """
    ),
    (
      "HS256 at+jwt",
      """
      eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzdWIiOiI1MTIxIiw\
      iZXhwIjoxODAwMDAwNjAwfQ.QYKKPCPMDN4b_oRPFEsNSHME9RKyMaAdMB2RSg37xjI
      """
    ),
    (
      "RS256 with kid",
      """
      eyJhbGciOiJSUzI1NiIsImtpZCI6InJzYS0xIiwidHlwIjoiSldUIn0.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJz\
      dWIiOiI1MTIxIiwiZXhwIjoxODAwMDAwNjAwfQ.oqhMBcHlzbA4DbnuoMMKzY2pl0b3ZsCEQpAbMwjk4VeufVH7cuYHDRELRiyeH\
      b7B4_pZwouqDi47J5czqvswHRJvtCNTuggKWv5BfzIyaxZxXfIXUs11jQrQL2DxmR45tRULOwDQOySIfgdsokDVmyfRZ8fmf_W3V\
      gl5RHpOHRqJTqoZgHufyhCdvC2xUMfnQaKzV7_mh_tunF87j2nKgrQ6R7zLMgyMX5aomV2bnmpp336lUiS_WXiKIyG3Oh8ldKPTI\
      CTgm-13RL_3o6awOpK3vnnaC5NjZf2Bl0W1ExLikuGb8iqMidpX_-j4YD-gPwRzNjzHorS_8oNNjJ6lgQ
      """
    ),
    (
      "RS256 without kid",
      """
      eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzdWIiOiI1MTIxIiwiZXh\
      wIjoxODAwMDAwNjAwfQ.MQpX-j0tg9lAu0F5sHxdt342Htkbfo-StfMKB9RKxrqgO0mxAyWVyHxnsWOUAJjBeugtd34NRK-MuLdY\
      MXpJh8AClgLoLSEmD8qawKTBCKB7QPbCCiMmisrZTytTkWDiVIsgUGjW98n_K3aYryIjP7BpWGvFbR7zu2AjhvY0UFjl2OIAcjrx\
      0ayme4UbA8XS57x0Hy4CDrywc5A8nEPze5tj__3CNgfa6ffGhVNly0eZJnWQSm9llaqmXm7DBkIwMQ-yct9Jz7wyFIDpi8CKpXa5\
      rNuoE27mLQbj51etDzh_evob88xuCSfDkZI6ftxm0tE0iFJFjRsVSrY6H4lWdA
      """
    ),
    (
      "ES256 with kid",
      """
      eyJhbGciOiJFUzI1NiIsImtpZCI6ImVjLTEiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzd\
      WIiOiI1MTIxIiwiZXhwIjoxODAwMDAwNjAwfQ.4BKXuS5KNN3xTQfscmUSZayT21Z3MmR_yjm54E5K-ABL3NgGQIiOQkIV_OguBQ\
      xGVup7sLfAEqPC_Hy0wmsFRw
      """
    ),
    (
      "ES256 without kid",
      """
      eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzdWIiOiI1MTIxIiwiZXh\
      wIjoxODAwMDAwNjAwfQ.BuCnZQZUpu8EMlRy6EJVks3O_0ooq1EqGARsT6HjeuKSAi7tnvBCEx73nut5nicdmxI3c3TP64-MCjWv\
      U5dneQ
      """
    ),
    (
      "EdDSA with kid",
      """
      eyJhbGciOiJFZERTQSIsImtpZCI6ImVkLTEiLCJ0eXAiOiJKV1QifQ.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzd\
      WIiOiI1MTIxIiwiZXhwIjoxODAwMDAwNjAwfQ.l6fJNU35UrQTMtMgYRTSazO6FC-T0k-KK8-JbaPLrH3NkwOZJi6XiNmcFh4iVe\
      dSPYzAip0o9xJmn6wKfYsqCw
      """
    ),
    (
      "EdDSA without kid",
      """
      eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzdWIiOiI1MTIxIiwiZXh\
      wIjoxODAwMDAwNjAwfQ.Ydrp7d9gKJyL1JJP3y6RlRDrf27FwOyo2rQai43LD16ywje_--_EN8ZLQIfGHfHNPhJprjl4vo6wmbu0\
      f2tjAg
      """
    ),
    (
      "an audience list",
      """
      eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjaGF0IiwiYXVkIjpbIm90aGVyIiwiY2hhdC1hcGkiXSwic3ViIjo\
      iNTEyMSIsImV4cCI6MTgwMDAwMDYwMH0.Po9VbOtP8KxHfGLHoK6OKl45q5s4SoIfE1IigycvNHw
      """
    ),
    (
      "times as datetime",
      """
      eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzdWIiOiI1MTIxIiwiZXh\
      wIjoxODAwMDAwNjAwLCJpYXQiOjE4MDAwMDAwMDAsIm5iZiI6MTc5OTk5OTk5NX0.UeFF6ix5qmXqJ6o77MSJVgb8KZX3pZABJEa\
      kMH9n-60
      """
    ),
    (
      "fractions of seconds",
      """
      eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzdWIiOiI1MTIxIiwiZXh\
      wIjoxODAwMDAwNjAwLjUsImlhdCI6MTc5OTk5OTk5OS43NX0.ZZCINWAbOT1ZZK_b8JKM0zlZkyS9lPyleHvf-vZ9ysM
      """
    ),
    (
      "iat ahead by less than the skew",
      """
      eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzdWIiOiI1MTIxIiwiZXh\
      wIjoxODAwMDAwNjAwLCJpYXQiOjE4MDAwMDAwMjB9.eIAhzUF1rU40SAdIRsfaP7FKD8kwkRaAYJfmUCStWPc
      """
    ),
    (
      "more claims",
      """
      eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzdWIiOiI1MTIxIiwiZXh\
      wIjoxODAwMDAwNjAwLCJuYW1lIjoiQWRhIFx1MDNhOSIsInJvbGVzIjpbImEiLCJiIl0sIm4iOnsiYSI6eyJiIjoxfX19.2gWVDh\
      cXG1vE-ToaiozFIMTyxT6nUsz5o5TDpqlYaBo
      """
    ),
    (
      "a subject that is not ASCII",
      """
      eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJjaGF0IiwiYXVkIjoiY2hhdC1hcGkiLCJzdWIiOiJcdTA0MTBcdTA\
      0MzRcdTA0MzAiLCJleHAiOjE4MDAwMDA2MDB9.IRsnH9Zvti-4TYn5kLl2eSluGSEb-fsmojJ6yFld1QQ
      """
    ),
    (
      "jku, x5u and jwk beside a good signature",
      """
      eyJhbGciOiJSUzI1NiIsImprdSI6Imh0dHBzOi8vZXZpbC5leGFtcGxlL2siLCJqd2siOnsiayI6IkFBIiwia3R5Ijoib2N0In0s\
      ImtpZCI6InJzYS0xIiwidHlwIjoiSldUIiwieDV1IjoiaHR0cHM6Ly9ldmlsLmV4YW1wbGUveCJ9.eyJpc3MiOiJjaGF0IiwiYXV\
      kIjoiY2hhdC1hcGkiLCJzdWIiOiI1MTIxIiwiZXhwIjoxODAwMDAwNjAwfQ.JXxqAHZoyDhg6AwvYCQ1Sq03l-RdzMlCmcaPfA-c\
      1FuPrDi29x8uA28l8DewqA77cjSsSSfID30ZmlHbmYy4OfpsnDwuO4fpSq-HgD5vI_nlATq_YufTiviZdC-iymiInMUzu1l5id42\
      xK4y_FvTV6zmqN4xeO9cdwRZA84u2CUxgbi0zzes745BSYvANYK-yioTYdjqbjITuW4WKz5K1ljvU83d-VDRHt69I7unwQtHoY_O\
      X6dONsfeOFxOsEfrqy4Q39pDdX8vUfJJAUq5n1fA83leP1Jr-yJU16Muzg6Q6eFl5EOlPfnz7FOLtSZI87qIlXPbq0dPaFN3H_wT\
      TA
      """
    ),
  ]
}
