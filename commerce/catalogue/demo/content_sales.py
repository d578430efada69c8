"""Twelve suggestions for flash sales, all from 凌峰自营, whose stock is deep enough to run them again and again."""

from __future__ import annotations

from commerce.catalogue.demo.types import Sale

SALES = (
    Sale(sku="LF-BT-INK-500", title="山行保温杯 墨 500 ml", price=4990, quantity=100),
    Sale(sku="TY-RS-RED-42", title="踏野缓震跑鞋 赤 42", price=19900, quantity=60),
    Sale(sku="XZ-BP-SLATE", title="行止通勤双肩包 雾蓝", price=14900, quantity=80, limit=2),
    Sale(sku="LF-TN-SAND", title="栖谷双人帐篷 麦", price=39900, quantity=40),
    Sale(sku="SY-CL-BRASS", title="守夜营地灯 古铜", price=7900, quantity=120, limit=2),
    Sale(sku="MS-DV-200", title="棉上长绒棉被 200×230", price=23900, quantity=60),
    Sale(sku="SY-DL-INK", title="守夜护眼台灯 墨", price=12900, quantity=80),
    Sale(sku="XZ-SC-SAGE-20", title="行止登机箱 鼠尾草 20 寸", price=27900, quantity=50),
    Sale(sku="XL-KT-STEEL", title="细流手冲壶 本色", price=9900, quantity=70),
    Sale(sku="LF-RJ-GREEN-L", title="听雨冲锋衣 松 L", price=32900, quantity=40),
    Sale(sku="TY-YM-BLUSH", title="踏野瑜伽垫 灰粉", price=9900, quantity=100, limit=2),
    Sale(sku="LF-UM-SLATE", title="凌峰自动伞 墨蓝", price=3990, quantity=160, limit=2),
)
